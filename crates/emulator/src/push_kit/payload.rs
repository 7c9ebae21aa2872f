//! The payload tables: push-type 0 (notification or badge only), 6 (background) and 10 (call) are read field
//! by field; the others are not emulated and pass unread, to be refused for want of a right.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::check::Options;
use super::codes::Refusal;
use super::fields::{Fields, illegal};
use super::message::{Alert, Background, Badge, Category, Click, Content, PushType};

const INBOX_LINES_MAX: usize = 3;
const INBOX_LINE_CHARS_MAX: usize = 1024;
const APP_MESSAGE_ID_MAX: usize = 64;
const PROFILE_ID_BYTES_MAX: usize = 64;

pub(super) fn read(
    push_type: PushType,
    payload: &Value,
    options: &Options,
    spare_notify_id: u32,
) -> Result<Content, Refusal> {
    match push_type {
        PushType::Alert => alert_or_badge(payload, spare_notify_id),
        PushType::Background => background(payload, options.im_background),
        PushType::Call => call(payload),
        PushType::Widget => Err(illegal("push-type 1 (widget) is not emulated")),
        PushType::Speech | PushType::LiveView | PushType::Mdm => Ok(Content::NotEmulated),
    }
}

fn alert_or_badge(payload: &Value, spare_notify_id: u32) -> Result<Content, Refusal> {
    let mut outer = Fields::new("payload", payload)?;
    let notification = outer.needed("notification")?;
    outer.finish()?;
    let fields = Fields::new("payload.notification", notification)?;
    if fields.has("badge") && !fields.has("title") && !fields.has("body") {
        return badge_only(fields);
    }
    alert(fields, spare_notify_id).map(Content::Alert)
}

fn badge_only(mut fields: Fields<'_>) -> Result<Content, Refusal> {
    category(&mut fields)?;
    let badge = badge(&mut fields)?;
    fields.finish()?;
    // `badge` was found before this form was chosen.
    badge.map(Content::BadgeOnly).ok_or_else(|| illegal("payload.notification.badge is missing"))
}

fn alert(mut fields: Fields<'_>, spare_notify_id: u32) -> Result<Alert, Refusal> {
    let category = category(&mut fields)?.ok_or_else(|| fields.tip("category", "is missing"))?;
    let alert = Alert {
        category,
        title: fields.needed_text("title")?.into(),
        body: fields.needed_text("body")?.into(),
        click: click(fields.needed("clickAction")?)?,
        image: image(&mut fields)?,
        notify_id: notify_id(&mut fields)?.unwrap_or(spare_notify_id),
        app_message_id: app_message_id(&mut fields)?,
        profile_id: fields.short_text("profileId", PROFILE_ID_BYTES_MAX)?.map(Arc::from),
        badge: badge(&mut fields)?,
        sound: sound(&mut fields)?,
        foreground_show: fields.flag("foregroundShow")?.unwrap_or(true),
    };
    style(&mut fields)?;
    fields.finish()?;
    Ok(alert)
}

fn category(fields: &mut Fields<'_>) -> Result<Option<Category>, Refusal> {
    match fields.text("category")? {
        None => Ok(None),
        Some(text) => match Category::from_text(text) {
            Some(category) => Ok(Some(category)),
            None => Err(fields.tip("category", "is not one of the documented values")),
        },
    }
}

fn image(fields: &mut Fields<'_>) -> Result<Option<Arc<str>>, Refusal> {
    match fields.text("image")? {
        Some(url) if !url.starts_with("https://") => Err(fields.tip("image", "must be an https address")),
        url => Ok(url.map(Arc::from)),
    }
}

/// -1 asks the cloud for one, like leaving it out.
fn notify_id(fields: &mut Fields<'_>) -> Result<Option<u32>, Refusal> {
    let number = fields.ranged("notifyId", -1..=i64::from(i32::MAX))?;
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}

fn app_message_id(fields: &mut Fields<'_>) -> Result<Option<Arc<str>>, Refusal> {
    let id = fields.short_text("appMessageId", APP_MESSAGE_ID_MAX)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_ ".contains(&byte);
    match id {
        Some(id) if !id.bytes().all(allowed) => {
            Err(fields.tip("appMessageId", "may hold letters, digits, blanks and + / = - _ only"))
        }
        id => Ok(id.map(Arc::from)),
    }
}

fn badge(fields: &mut Fields<'_>) -> Result<Option<Badge>, Refusal> {
    let Some(value) = fields.value("badge") else { return Ok(None) };
    let mut inner = Fields::new("payload.notification.badge", value)?;
    let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    let badge =
        Badge { add: number(inner.ranged("addNum", 1..=99)?), set: number(inner.ranged("setNum", 0..=99)?) };
    inner.finish()?;
    if badge == (Badge { add: None, set: None }) {
        return Err(fields.tip("badge", "must hold addNum or setNum"));
    }
    Ok(Some(badge))
}

fn sound(fields: &mut Fields<'_>) -> Result<Option<Arc<str>>, Refusal> {
    let sound = fields.text("sound")?;
    if sound == Some("") {
        return Err(fields.tip("sound", "must not be empty"));
    }
    if fields.ranged("soundDuration", 1..=60)?.is_some() && sound.is_none() {
        return Err(fields.tip("soundDuration", "is only allowed together with sound"));
    }
    Ok(sound.map(Arc::from))
}

/// Style 1 needs the big texts, style 3 the lines. The phone here shows title and body whatever the style.
fn style(fields: &mut Fields<'_>) -> Result<(), Refusal> {
    let style = fields.integer("style")?.unwrap_or(0);
    let big = (fields.text("bigTitle")?.is_some(), fields.text("bigBody")?.is_some());
    let has_lines = inbox_lines(fields)?;
    match style {
        0 => Ok(()),
        1 if !big.0 => Err(fields.tip("bigTitle", "is missing, style 1 needs it")),
        1 if !big.1 => Err(fields.tip("bigBody", "is missing, style 1 needs it")),
        1 => Ok(()),
        3 if !has_lines => Err(fields.tip("inboxContent", "is missing, style 3 needs it")),
        3 => Ok(()),
        other => Err(fields.tip("style", format!("must be 0, 1 or 3, not {other}"))),
    }
}

fn inbox_lines(fields: &mut Fields<'_>) -> Result<bool, Refusal> {
    let lines = match fields.value("inboxContent") {
        None => return Ok(false),
        Some(Value::Array(lines)) => lines,
        Some(other) => return Err(fields.wrong_type("inboxContent", "an array of strings", other)),
    };
    if lines.is_empty() || lines.len() > INBOX_LINES_MAX {
        return Err(fields.tip("inboxContent", format!("must have 1 to {INBOX_LINES_MAX} lines")));
    }
    for line in lines {
        match line.as_str() {
            None => return Err(fields.wrong_type("inboxContent", "an array of strings", line)),
            Some(text) if text.chars().count() > INBOX_LINE_CHARS_MAX => {
                return Err(fields.tip("inboxContent", format!("has a line over {INBOX_LINE_CHARS_MAX}")));
            }
            Some(_) => {}
        }
    }
    Ok(true)
}

fn click(value: &Value) -> Result<Click, Refusal> {
    let mut fields = Fields::new("payload.notification.clickAction", value)?;
    let action_type = fields.integer("actionType")?.ok_or_else(|| fields.tip("actionType", "is missing"))?;
    let (action, uri) = (fields.text("action")?, fields.text("uri")?);
    match action_type {
        0 => {}
        1 if action.is_none() && uri.is_none() => {
            return Err(fields.tip("actionType", "1 needs action or uri"));
        }
        1 => {}
        other => return Err(fields.tip("actionType", format!("must be 0 or 1, not {other}"))),
    }
    let data = match fields.value("data") {
        None => Map::new(),
        Some(Value::Object(data)) => data.clone(),
        Some(other) => return Err(fields.wrong_type("data", "an object", other)),
    };
    fields.finish()?;
    let (action, uri) = (action.map(Arc::from), uri.map(Arc::from));
    Ok(Click { inner_page: action_type == 1, action, uri, data: Arc::new(data), raw: value.clone() })
}

fn background(payload: &Value, im_mode: bool) -> Result<Content, Refusal> {
    let mut fields = Fields::new("payload", payload)?;
    let extra_data = fields.needed_text("extraData")?.into();
    let proxied = match fields.text("proxyData")? {
        None => false,
        Some("ENABLE") => true,
        Some(_) => return Err(fields.tip("proxyData", "may only be ENABLE")),
    };
    fields.finish()?;
    Ok(Content::Background(Background { extra_data, proxied, im_mode }))
}

fn call(payload: &Value) -> Result<Content, Refusal> {
    let mut fields = Fields::new("payload", payload)?;
    let extra_data = fields.needed_text("extraData")?.into();
    fields.finish()?;
    Ok(Content::Call { extra_data })
}

//! An app's policies: what they mean, and how they are changed.

use super::{
    Admin,
    apps::shown,
    gate::{Note, no_such_app, noted},
    policies::{DEVICES, POLICIES, Policy},
    refused::{Answer, Asked, Refused},
};
use crate::store::{App, AppSettings};
use axum::{Extension, Json, extract::State, response::Response};
use serde_json::{Map, Value, json};

/// `GET /policies`.
pub(super) async fn policies() -> Answer {
    let defaults = AppSettings::default();
    let values = serde_json::to_value(&defaults).unwrap_or_default();
    let bounds = defaults.bounds();
    let all = POLICIES.iter().map(|policy| explained(policy, &values[policy.name], &bounds));
    Ok(Json(json!({ "policies": all.collect::<Vec<_>>() })))
}

fn explained(policy: &Policy, default: &Value, bounds: &[(&str, u64, u64, u64)]) -> Value {
    let bound = bounds.iter().find(|(name, ..)| *name == policy.name);
    let (kind, choices) = match default {
        Value::Bool(_) => ("boolean", None),
        Value::String(_) if policy.name == "devices" => ("choice", Some(DEVICES)),
        Value::String(_) => ("text", None),
        _ => ("integer", None),
    };
    let choices = choices.map(|all| {
        let choice = |(value, en, zh): &(&str, &str, &str)| {
            json!({ "value": value, "meaning": { "en": en, "zh": zh } })
        };
        all.iter().map(choice).collect::<Vec<_>>()
    });
    json!({
        "name": policy.name, "group": policy.group, "kind": kind, "unit": policy.unit, "default": default,
        "least": bound.map(|(_, _, least, _)| least), "most": bound.map(|(.., most)| most), "choices": choices,
        "title": { "en": policy.title[0], "zh": policy.title[1] },
        "meaning": { "en": policy.meaning[0], "zh": policy.meaning[1] },
    })
}

/// `PATCH /apps/{app}/settings`: what is left out stays.
pub(super) async fn change(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Asked(asked): Asked<Map<String, Value>>,
) -> Result<Response, Refused> {
    let settings = changed(&app.settings, &asked)?;
    if !admin.store.set_app_settings(app.id, settings).await? {
        return Err(no_such_app());
    }
    let now = admin.store.app(app.id).await?.ok_or_else(no_such_app)?;
    let said: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(noted(Json(shown(&admin, &now)), Note::on(&now.name).saying(said.join(", "))))
}

fn changed(before: &AppSettings, asked: &Map<String, Value>) -> Result<AppSettings, Refused> {
    let mut all = match serde_json::to_value(before) {
        Ok(Value::Object(all)) => all,
        _ => Map::new(),
    };
    for (name, value) in asked {
        match all.get_mut(name) {
            Some(old) => *old = value.clone(),
            None => return Err(Refused::input(name, "there is no such policy; GET /policies lists them")),
        }
        // One at a time, so that a wrong type is told with its name.
        serde_json::from_value::<AppSettings>(Value::Object(all.clone()))
            .map_err(|error| Refused::input(name, error.to_string()))?;
    }
    let settings: AppSettings =
        serde_json::from_value(Value::Object(all)).map_err(|error| Refused::input("", error.to_string()))?;
    settings.check().map_err(|sentence| {
        let name = sentence.split(' ').next().unwrap_or_default().to_owned();
        Refused::input(&name, sentence)
    })?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(asked: Value) -> Result<AppSettings, Refused> {
        changed(&AppSettings::default(), asked.as_object().unwrap())
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_wrong_is_named() {
        let after = change(json!({ "ack_deadline_ms": 3000, "devices": "multi" })).unwrap();
        assert_eq!((after.ack_deadline_ms, after.messages_per_s), (3_000, 10));
        for (bad, field) in [
            (json!({ "colour": 1 }), "colour"),
            (json!({ "one_phone": 1 }), "one_phone"),
            (json!({ "devices": "many" }), "devices"),
            (json!({ "messages_per_s": 0 }), "messages_per_s"),
            (json!({ "messages_per_s": -1 }), "messages_per_s"),
            (json!({ "heartbeat_timeout_ms": 5000 }), "heartbeat_timeout_ms"),
        ] {
            let refused = format!("{:?}", change(bad.clone()).unwrap_err());
            assert!(refused.contains(&format!("name: \"{field}\"")), "{bad}: {refused}");
        }
    }
}

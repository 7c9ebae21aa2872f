//! The HarmonyOS part of a push strategy: what an operator may set under a `resourcesID`.
//!
//! Unknown options are refused when read; [`HarmonyStrategy::validate`] says in sentences what does not fit
//! together.

use serde::{Deserialize, Deserializer, Serialize};

use crate::notice::StrategyError;

/// Longest `uri`, `action`, `image` or `receipt_id`, in bytes: a fraction of the 4096 a request may have.
const TEXT_BYTES_MAX: usize = 1024;
/// Longest `sound_duration_s` that Push Kit takes.
const SOUND_DURATION_S_MAX: u8 = 60;

/// How a notice is sent: the `push-type` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum HarmonyPushType {
    /// 0: a notification that is shown.
    Alert,
    /// 6: a background message for the app.
    Background,
    /// 10: an in-app call, wakes the app. Needs its own right.
    Call,
}

impl From<HarmonyPushType> for u8 {
    fn from(push_type: HarmonyPushType) -> u8 {
        match push_type {
            HarmonyPushType::Alert => 0,
            HarmonyPushType::Background => 6,
            HarmonyPushType::Call => 10,
        }
    }
}

impl TryFrom<u8> for HarmonyPushType {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            0 => Ok(Self::Alert),
            6 => Ok(Self::Background),
            10 => Ok(Self::Call),
            _ => Err(format!("push_type {number} is not one of 0 (alert), 6 (background), 10 (in-app call)")),
        }
    }
}

/// Push Kit's message categories that a notification (push-type 0) may have. All but `MARKETING` need a
/// right; without it Push Kit silently treats the message as `MARKETING`, of which a device shows two a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)] // the vendor's own names
pub enum HarmonyCategory {
    Im,
    Voip,
    MissCall,
    Subscription,
    Travel,
    Health,
    Work,
    Account,
    Express,
    Finance,
    DeviceReminder,
    Mail,
    Marketing,
}

/// HarmonyOS options of a strategy. The default is a plain notification that opens the app's home page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HarmonyStrategy {
    /// Sends against the test quota (1000 a day, 10 tokens a request). 0, 1, true or false.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_off")]
    pub test_message: bool,
    /// 0 notice (default), 6 background, 10 in-app call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_type: Option<HarmonyPushType>,
    /// The category; by default IM for messages, VOIP for call invitations, MISS_CALL for missed calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<HarmonyCategory>,
    /// What a tap opens: 0 the home page (default), 1 the page that `uri` or `action` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click_type: Option<u8>,
    /// The page's `uri` as listed under the ability's `uris`. With `click_type` 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The page's `action`; wins over `uri`. With `click_type` 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// A picture: an https URL of a PNG, JPEG or BMP, best below 128x128 pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// A sound file under the app's `/resources/rawfile`. Not with category MARKETING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    /// How long the sound plays, 1..=60 seconds. With `sound`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound_duration_s: Option<u8>,
    /// Whether the notice is shown while the app is in front. Off by default: the app has the message
    /// already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreground_show: Option<bool>,
    /// The receipt configuration of AppGallery Connect to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_id: Option<String>,
    /// 0 normal (default), 1 IM background mode (special right). With `push_type` 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_mode: Option<u8>,
    /// Lets the system write the message into the app's database when the app is not in front. With
    /// `push_type` 6.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_off")]
    pub proxy_data: bool,
}

impl HarmonyStrategy {
    /// Checks what the types do not: ranges and combinations.
    pub fn validate(&self) -> Result<(), StrategyError> {
        let mut sentences = Vec::new();
        self.check_click(&mut sentences);
        self.check_picture_and_sound(&mut sentences);
        self.check_background(&mut sentences);
        for (name, text) in [("uri", &self.uri), ("action", &self.action), ("receipt_id", &self.receipt_id)] {
            if text.as_ref().is_some_and(|text| text.is_empty() || text.len() > TEXT_BYTES_MAX) {
                sentences.push(format!("{name} must have 1 to {TEXT_BYTES_MAX} bytes."));
            }
        }
        if sentences.is_empty() { Ok(()) } else { Err(StrategyError { sentences }) }
    }

    fn check_click(&self, sentences: &mut Vec<String>) {
        let names_page = self.uri.is_some() || self.action.is_some();
        match self.click_type {
            None | Some(0) if names_page => {
                sentences
                    .push("uri and action name a page of the app: set click_type to 1 with them.".into());
            }
            None | Some(0) => {}
            Some(1) if !names_page => {
                sentences.push("click_type 1 opens a page of the app: say which with uri or action.".into());
            }
            Some(1) => {}
            Some(other) => {
                sentences.push(format!("click_type {other} is not 0 (home page) or 1 (a page of the app)."));
            }
        }
    }

    fn check_picture_and_sound(&self, sentences: &mut Vec<String>) {
        if let Some(image) = &self.image
            && (!image.starts_with("https://") || image.len() > TEXT_BYTES_MAX)
        {
            sentences.push(format!("image must be an https URL of at most {TEXT_BYTES_MAX} bytes."));
        }
        match (&self.sound, self.sound_duration_s) {
            (None, Some(_)) => sentences.push("sound_duration_s needs sound.".into()),
            (Some(_), Some(0 | 61..)) => {
                sentences.push(format!("sound_duration_s must be 1 to {SOUND_DURATION_S_MAX}."));
            }
            _ => {}
        }
        if let Some(sound) = &self.sound {
            if sound.is_empty() || sound.len() > TEXT_BYTES_MAX || sound.contains('/') {
                sentences.push("sound must be the name of a file directly under /resources/rawfile.".into());
            }
            if self.category == Some(HarmonyCategory::Marketing) {
                sentences.push("sound cannot be used with category MARKETING.".into());
            }
        }
    }

    fn check_background(&self, sentences: &mut Vec<String>) {
        if self.background_mode.is_some_and(|mode| mode > 1) {
            sentences.push("background_mode must be 0 (normal) or 1 (IM background).".into());
        }
        let is_background = self.push_type == Some(HarmonyPushType::Background);
        if (self.background_mode.is_some() || self.proxy_data) && !is_background {
            sentences.push("background_mode and proxy_data need push_type 6.".into());
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_off(flag: &bool) -> bool {
    !*flag
}

/// The console of ZIM writes 0 and 1, people write true and false: both are read.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "must be 0, 1, true or false")]
    enum Flag {
        Word(bool),
        Number(u8),
    }
    match Flag::deserialize(deserializer)? {
        Flag::Word(word) => Ok(word),
        Flag::Number(number @ (0 | 1)) => Ok(number == 1),
        Flag::Number(_) => Err(serde::de::Error::custom("must be 0, 1, true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<HarmonyStrategy, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_the_console_writes_and_writes_it_back() {
        let json =
            r#"{"test_message":1,"push_type":0,"category":"MISS_CALL","click_type":1,"uri":"app://chat"}"#;
        let strategy = read(json).expect("valid");
        assert_eq!(strategy.validate(), Ok(()));
        assert_eq!(strategy.category, Some(HarmonyCategory::MissCall));
        let written = serde_json::to_string(&strategy).expect("serialises");
        assert_eq!(read(&written), Ok(strategy));
        assert_eq!(serde_json::to_string(&HarmonyStrategy::default()).expect("serialises"), "{}");
    }

    #[test]
    fn refuses_unknown_options_and_values() {
        let table = [
            (r#"{"colour":"red"}"#, "unknown field `colour`"),
            (r#"{"push_type":2}"#, "push_type 2 is not one of 0 (alert)"),
            (r#"{"category":"SOCIAL"}"#, "unknown variant `SOCIAL`"),
            (r#"{"category":"im"}"#, "unknown variant `im`"),
            (r#"{"test_message":2}"#, "must be 0, 1, true or false"),
            (r#"{"test_message":"yes"}"#, "must be 0, 1, true or false"),
        ];
        for (json, expected) in table {
            let error = read(json).expect_err(json);
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn says_in_sentences_what_does_not_fit_together() {
        let table = [
            (r#"{"click_type":1}"#, "click_type 1 opens a page"),
            (r#"{"click_type":2}"#, "click_type 2 is not 0"),
            (r#"{"uri":"app://x"}"#, "set click_type to 1"),
            (r#"{"click_type":1,"uri":""}"#, "uri must have 1 to 1024 bytes."),
            (r#"{"image":"http://x/y.png"}"#, "image must be an https URL"),
            (r#"{"sound_duration_s":5}"#, "sound_duration_s needs sound."),
            (r#"{"sound":"a.mp3","sound_duration_s":0}"#, "sound_duration_s must be 1 to 60."),
            (r#"{"sound":"a.mp3","sound_duration_s":61}"#, "sound_duration_s must be 1 to 60."),
            (r#"{"sound":"../a.mp3"}"#, "sound must be the name of a file"),
            (r#"{"sound":"a.mp3","category":"MARKETING"}"#, "cannot be used with category MARKETING"),
            (r#"{"background_mode":1}"#, "need push_type 6"),
            (r#"{"proxy_data":true,"push_type":10}"#, "need push_type 6"),
            (r#"{"push_type":6,"background_mode":2}"#, "background_mode must be 0"),
        ];
        for (json, expected) in table {
            let error = read(json).expect("reads").validate().expect_err(json).to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
        let both = read(r#"{"click_type":7,"sound_duration_s":5}"#).expect("reads").validate();
        assert_eq!(both.expect_err("two findings").sentences.len(), 2);
    }
}

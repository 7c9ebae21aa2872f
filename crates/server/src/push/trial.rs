//! Trying a credential: one request that no user sees, and what its answer says of the credential.

use super::{
    credentials::{CredentialKey, Credentials, Ready},
    trace_events::Words,
};
use crate::{clock::Clock, store::StoreError};
use hongyan_vendors::{
    Advice, Answer, Blame, Category, Notice, NoticeKind, Outcome, PrepareError, Route, SignError,
    StrategyOptions, VendorRequest, vendor,
};
use serde::Serialize;

/// How long the test message lives, in ms.
const LIFE_MS: u64 = 60_000;
/// Stands for a token that no device has.
const NOBODYS_TOKEN: &str = "hongyan-credential-test";

/// What the vendor says about a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialVerdict {
    /// It took it.
    Works,
    /// It refuses project, key or app.
    Refused,
    /// The app lacks a right.
    RightMissing,
    /// A quota is used up.
    Quota,
    /// It is in trouble, or finds the request wrong.
    Trouble,
    /// No answer came.
    Unreachable,
}

/// How a trial went.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// In a word.
    pub verdict: TrialVerdict,
    /// HTTP status; 0 without an answer.
    pub status: u16,
    /// The vendor's code.
    pub code: String,
    /// The vendor's words.
    pub message: String,
    /// Until the answer, in ms.
    pub took_ms: u64,
    /// A device was reached.
    pub accepted: bool,
    /// In a sentence.
    pub text: Words,
}

/// Tries the credential with this token, or with one that no device has. `None`: there is no usable credential.
pub(super) async fn run(
    credentials: &Credentials,
    clock: &Clock,
    key: CredentialKey,
    token: Option<&str>,
) -> Result<Option<Trial>, StoreError> {
    let Ok(ready) = credentials.find(key).await? else { return Ok(None) };
    let (token, now_ms) = (token.unwrap_or(NOBODYS_TOKEN), clock.now_ms());
    let notice = notice(now_ms);
    let request = match build(&ready, key, &notice, token, now_ms).await {
        Ok(request) => request,
        Err(why) => return Ok(Some(Trial::unsent(&why))),
    };
    let sent = ready.transport.send(&request).await;
    let took_ms = clock.now_ms().saturating_sub(now_ms);
    Ok(Some(match sent {
        Ok(raw) => {
            let answer = vendor(key.1).interpret(&raw, &notice, &[token]);
            Trial::answered(raw.status, &answer, took_ms)
        }
        Err(error) => Trial {
            took_ms,
            message: error.to_string(),
            text: sentence(TrialVerdict::Unreachable),
            ..Trial::unsent("")
        },
    }))
}

async fn build(
    ready: &Ready,
    key: CredentialKey,
    notice: &Notice,
    token: &str,
    now_ms: u64,
) -> Result<VendorRequest, String> {
    let bearer = ready.bearer.bearer(now_ms).await.map_err(|error: SignError| error.to_string())?;
    let built = vendor(key.1).prepare(&ready.credential, notice, &[token], bearer.expose(), now_ms);
    built.map_err(|error: PrepareError| error.to_string())
}

/// A test message: it counts against the vendor's test quota, not the app's.
fn notice(now_ms: u64) -> Notice {
    let mut strategy = StrategyOptions::default();
    strategy.harmony.test_message = true;
    Notice {
        kind: NoticeKind::Alert,
        title: "Hongyan".to_owned(),
        body: "Test 测试".to_owned(),
        payload: None,
        route: Route::Conversation {
            conversation_id: "hongyan-console".to_owned(),
            conversation_type: 0,
            sender_id: "hongyan-console".to_owned(),
            message_id: "0".to_owned(),
        },
        notify_id: super::notice::notify_id(now_ms),
        app_message_id: format!("t{now_ms}"),
        badge: None,
        collapse_key: None,
        expires_at_ms: now_ms + LIFE_MS,
        category_hint: Category::Message,
        strategy,
    }
}

impl Trial {
    fn unsent(why: &str) -> Self {
        Self {
            verdict: TrialVerdict::Unreachable,
            status: 0,
            code: String::new(),
            message: why.to_owned(),
            took_ms: 0,
            accepted: false,
            text: Words::new(format!("No request could be made: {why}"), format!("无法构造请求：{why}")),
        }
    }

    fn answered(status: u16, answer: &Answer, took_ms: u64) -> Self {
        let verdict = verdict(answer);
        Self {
            verdict,
            status,
            code: answer.code.clone(),
            message: answer.message.clone(),
            took_ms,
            accepted: answer.anything_accepted(),
            text: sentence(verdict),
        }
    }
}

fn verdict(answer: &Answer) -> TrialVerdict {
    match (answer.outcomes.first(), answer.advice) {
        (_, Advice::PauseCredential | Advice::ResignJwt) => TrialVerdict::Refused,
        // That a device is not there is known only to who took the credential.
        (Some(Outcome::Accepted | Outcome::TokenGone { .. }), _) => TrialVerdict::Works,
        (Some(Outcome::Rejected { blame, .. }), _) => match blame {
            Blame::Device => TrialVerdict::Works,
            Blame::Configuration => TrialVerdict::RightMissing,
            Blame::Quota => TrialVerdict::Quota,
            Blame::Request => TrialVerdict::Trouble,
        },
        (Some(Outcome::RetryLater { .. }) | None, _) => TrialVerdict::Trouble,
    }
}

fn sentence(verdict: TrialVerdict) -> Words {
    match verdict {
        TrialVerdict::Works => Words::new("The vendor takes the credential.", "厂商接受此凭据。"),
        TrialVerdict::Refused => Words::new(
            "The vendor refuses the credential: check project, key, and that push is switched on there.",
            "厂商拒绝此凭据：请检查项目、密钥，以及是否已在厂商处开通推送。",
        ),
        TrialVerdict::RightMissing => Words::new(
            "The credential is known, but the app lacks a right, or the device belongs to another project.",
            "凭据有效，但应用缺少权限，或设备属于其他项目。",
        ),
        TrialVerdict::Quota => Words::new("A quota of the vendor is used up.", "厂商的配额已用完。"),
        TrialVerdict::Trouble => Words::new(
            "The vendor answered, but not about the credential: its code says why.",
            "厂商有应答，但与凭据无关：原因见其错误码。",
        ),
        TrialVerdict::Unreachable => Words::new(
            "No answer came: check the address, the network and the proxy.",
            "没有应答：请检查地址、网络与代理。",
        ),
    }
}

//! What a route answers when it does not do what was asked: one shape, with a code that stays.

use crate::store::StoreError;
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use hongyan_vendors::CredentialError;
use hongyan_wire::Refusal;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// An error as every route answers it. The codes are listed in `openapi.json`.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: String,
    fields: Vec<Field>,
    retry_after_s: Option<u64>,
}

/// Rules that a page says in its own words. Others are told in the server's sentence alone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    NameLength,
    PasswordLength,
    TextLength,
    SecretMissing,
    TitleMissing,
    SenderIsReceiver,
    OtherKind,
}

impl Rule {
    /// By variant; `RuleCode` of `openapi.json` lists the same.
    const CODES: [&str; 7] = [
        "name_length",
        "password_length",
        "text_length",
        "secret_missing",
        "title_missing",
        "sender_is_receiver",
        "other_kind",
    ];
}

/// A field that breaks a rule, and the rule; some rules have a code.
#[derive(Debug)]
struct Field {
    name: String,
    rule: String,
    code: Option<&'static str>,
}

/// What a handler gives.
pub(super) type Answer<T = Value> = Result<Json<T>, Refused>;

impl Field {
    fn shown(&self) -> Value {
        let mut shown = json!({ "field": self.name, "message": self.rule });
        if let Some(code) = self.code {
            shown["code"] = code.into();
        }
        shown
    }
}

impl Refused {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let (message, hint) = (message.into(), String::new());
        Self { status, code, message, hint, fields: Vec::new(), retry_after_s: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", what)
    }

    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message).hint("ask an owner")
    }

    /// Input that breaks a rule.
    pub fn input(field: &str, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        let message = if field.is_empty() { rule.clone() } else { format!("{field}: {rule}") };
        let mut refused = Self::new(StatusCode::BAD_REQUEST, "invalid_input", message);
        refused.fields.push(Field { name: field.to_owned(), rule, code: None });
        refused
    }

    /// Names the rule that was broken by a word that stays, so that a page can say it in other languages.
    pub fn rule(mut self, rule: Rule) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.code = Some(Rule::CODES[rule as usize]);
        }
        self
    }

    /// Names the field of a credential that is wrong.
    pub fn fault(mut self, error: CredentialError) -> Self {
        let code = Some(error.fault.as_str());
        self.fields.push(Field { name: error.field.to_owned(), rule: error.why, code });
        self
    }

    pub fn too_many(retry_after_s: u64) -> Self {
        let message = format!("too many attempts; wait {retry_after_s} seconds");
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message);
        Self { retry_after_s: Some(retry_after_s), ..refused }
    }
}

impl From<StoreError> for Refused {
    /// The store's trouble, logged where it is met.
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store refused an operator's request");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the server cannot do this now")
            .hint("try again; /readyz says whether the store accepts writes")
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::input("", refusal.message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message, "hint": self.hint });
        if !self.fields.is_empty() {
            error["fields"] = self.fields.iter().map(Field::shown).collect();
        }
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A JSON body.
pub(super) struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Asked<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        match Json::from_request(request, state).await {
            Ok(Json(asked)) => Ok(Self(asked)),
            Err(JsonRejection::BytesRejection(_)) => {
                Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large"))
            }
            Err(rejection) => Err(Refused::input("", rejection.body_text())),
        }
    }
}

/// Parameters of the query.
pub(super) struct Queried<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Queried<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let read = Query::from_request_parts(parts, state).await;
        read.map(|Query(queried)| Self(queried))
            .map_err(|rejection| Refused::input("", rejection.body_text()))
    }
}

/// Parameters of the path.
pub(super) struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let read = Path::from_request_parts(parts, state).await;
        read.map(|Path(named)| Self(named)).map_err(|rejection| Refused::input("", rejection.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The console's own test reads the document's list and asks for words in both languages.
    #[test]
    fn the_document_lists_every_code_of_a_rule() {
        let document: Value = serde_json::from_str(crate::admin::openapi::TEXT).unwrap();
        assert_eq!(document["components"]["schemas"]["RuleCode"]["enum"], json!(Rule::CODES));
    }
}

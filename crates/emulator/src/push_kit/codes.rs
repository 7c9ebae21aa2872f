//! The business codes of Push Kit's v3 REST API that the emulator answers by itself, and the HTTP status each
//! travels with. Huawei documents no such map: the default here is the plausible one, and configurable.

use std::collections::BTreeMap;

/// A business code. On the wire it is text, never a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Success,
    PartialSuccess,
    RevokePartialSuccess,
    IllegalPayload,
    IllegalTtl,
    Authentication,
    JwtExpired,
    NoPermission,
    AllTokensInvalid,
    TooLong,
    TokenCount,
    SeveralApps,
    NotOfThisClient,
    TestTooFast,
    TestTokenCount,
    RevokeNotAllowed,
    JwtLivesTooLong,
}

impl Code {
    /// The code as it is answered.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Code::Success => "80000000",
            Code::PartialSuccess => "80100000",
            Code::RevokePartialSuccess => "80100020",
            Code::IllegalPayload => "80100003",
            Code::IllegalTtl => "80100004",
            Code::Authentication => "80200001",
            Code::JwtExpired => "80200005",
            Code::NoPermission => "80300002",
            Code::AllTokensInvalid => "80300007",
            Code::TooLong => "80300008",
            Code::TokenCount => "80300010",
            Code::SeveralApps => "80300017",
            Code::NotOfThisClient => "80300028",
            Code::TestTooFast => "80300029",
            Code::TestTokenCount => "80300030",
            Code::RevokeNotAllowed => "80300032",
            Code::JwtLivesTooLong => "80300036",
        }
    }

    /// A refusal with this code; `why` is shown to the caller and never holds a token.
    pub(crate) fn refuse(self, why: impl Into<String>) -> Refusal {
        Refusal { code: self, msg: why.into() }
    }
}

/// A request that is answered with an error code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) msg: String,
}

/// Business code → HTTP status: what was configured, else the plausible default.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatusMap {
    configured: BTreeMap<String, u16>,
}

impl StatusMap {
    pub(crate) fn new(configured: BTreeMap<String, u16>) -> StatusMap {
        StatusMap { configured }
    }

    pub(crate) fn status(&self, code: &str) -> u16 {
        self.configured.get(code).copied().unwrap_or_else(|| default_status(code))
    }
}

fn default_status(code: &str) -> u16 {
    match code {
        "80000000" | "80100000" | "80100020" | "80300007" => 200,
        "81000001" | "80000001" => 500,
        _ if code.starts_with("802000") => 401,
        _ => 400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_the_code_unless_configured() {
        let plain = StatusMap::default();
        let cases = [("80000000", 200), ("80100000", 200), ("80300007", 200), ("80200001", 401)];
        for (code, status) in
            cases.into_iter().chain([("80100003", 400), ("80300008", 400), ("81000001", 500)])
        {
            assert_eq!(plain.status(code), status, "{code}");
        }
        let configured = StatusMap::new(BTreeMap::from([("80100003".to_owned(), 200)]));
        assert_eq!(configured.status("80100003"), 200);
        assert_eq!(configured.status("80300008"), 400);
    }
}

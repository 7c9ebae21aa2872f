//! Every setting of the program, with its text for operators, its default, and what is allowed.

use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// What the example and the checks need to know of one setting.
pub(super) struct Setting {
    pub name: &'static str,
    pub text: &'static [&'static str],
    /// Shown for settings without a default.
    pub sample: Option<&'static str>,
}

/// What the example needs to know of one section.
pub(super) struct Section {
    pub name: &'static str,
    pub text: &'static [&'static str],
    pub settings: &'static [Setting],
}

/// A value outside its bounds: section, key and what is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    pub section: &'static str,
    pub key: &'static str,
    pub allowed: &'static str,
}

/// Declares the sections: each setting with text, type, default, check and what the check allows.
macro_rules! sections {
    ($(
        $(#[doc = $section_text:literal])*
        $field:ident: $section:ident {
            $(
                $(#[doc = $text:literal])*
                $key:ident: $type:ty = $default:expr, $check:expr => $allowed:literal $(, sample $sample:literal)?;
            )*
        }
    )*) => {
        $(
            $(#[doc = $section_text])*
            #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
            #[serde(default, deny_unknown_fields)]
            pub struct $section {
                $($(#[doc = $text])* pub $key: $type,)*
            }

            impl Default for $section {
                fn default() -> Self {
                    Self { $($key: $default,)* }
                }
            }

            impl $section {
                fn check(&self) -> Result<(), Fault> {
                    $(
                        let check: fn(&$type) -> bool = $check;
                        if !check(&self.$key) {
                            let (section, key) = (stringify!($field), stringify!($key));
                            return Err(Fault { section, key, allowed: $allowed });
                        }
                    )*
                    Ok(())
                }
            }
        )*

        /// All settings. `Default` needs no file.
        #[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            $($(#[doc = $section_text])* pub $field: $section,)*
        }

        impl Config {
            /// Checks every value against its bounds.
            pub(super) fn check(&self) -> Result<(), Fault> {
                $(self.$field.check()?;)*
                Ok(())
            }
        }

        pub(super) const SECTIONS: &[Section] = &[$(Section {
            name: stringify!($field),
            text: &[$($section_text),*],
            settings: &[$(Setting {
                name: stringify!($key),
                text: &[$($text),*],
                sample: [$(Some($sample),)? None][0],
            }),*],
        }),*];
    };
}

sections! {
    /// Where the server listens and keeps its data.
    server: ServerSection {
        /// Address and port for clients, consoles and probes. Beyond loopback use TLS (see below) or a proxy with TLS.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)), |_| true => "an address and port";
        /// Directory of the data. It is made at the first start, readable by its owner only.
        data: PathBuf = "hongyan-data".into(), |path| !path.as_os_str().is_empty() => "a directory";
        /// Seconds that requests under way may take when the server is told to stop.
        drain_s: u64 = 10, |s| (1..=300).contains(s) => "1 to 300";
    }

    /// TLS in the program itself, for those without a proxy. Both files are read again when they change.
    tls: TlsSection {
        /// Certificate chain, PEM.
        cert: Option<PathBuf> = None, |_| true => "a file", sample "\"/etc/hongyan/fullchain.pem\"";
        /// Private key, PEM.
        key: Option<PathBuf> = None, |_| true => "a file", sample "\"/etc/hongyan/privkey.pem\"";
    }

    /// What strangers and clients may take.
    limits: LimitsSection {
        /// Connections at once, logged in or not.
        connections_max: usize = 1_000_000, |n| (1..=10_000_000).contains(n) => "1 to 10000000";
        /// Connections at once that have not logged in.
        unauthenticated_max: usize = 10_000, |n| (1..=1_000_000).contains(n) => "1 to 1000000";
        /// Of those, from one address. Raise it behind a proxy, which has one address for everybody.
        unauthenticated_per_ip_max: usize = 1_000, |n| (1..=1_000_000).contains(n) => "1 to 1000000";
        /// Milliseconds within which a connection must log in.
        login_deadline_ms: u64 = 10_000, |ms| (100..=600_000).contains(ms) => "100 to 600000";
        /// Pages that may open a connection, as origins; empty allows every page.
        origins: Vec<String> = Vec::new(), |list| list.iter().all(|o| o.contains("://"))
            => "origins like \"https://chat.example.com\"";
    }

    /// The push pipeline.
    push: PushSection {
        /// Requests under way per vendor credential.
        concurrency_max: usize = 32, |n| (1..=1_000).contains(n) => "1 to 1000";
        /// Requests under way over all credentials.
        in_flight_max: usize = 1_024, |n| (1..=100_000).contains(n) => "1 to 100000";
        /// Intents and devices that wait in memory for an acknowledgement; more wait on disk.
        waiting_max: usize = 200_000, |n| (100..=10_000_000).contains(n) => "100 to 10000000";
        /// Milliseconds for a connection to a vendor.
        connect_timeout_ms: u64 = 5_000, |ms| (100..=60_000).contains(ms) => "100 to 60000";
        /// Milliseconds for a whole request to a vendor.
        request_timeout_ms: u64 = 15_000, |ms| (100..=120_000).contains(ms) => "100 to 120000";
        /// Milliseconds before the second try; the pause doubles with every try, less a random share of it.
        retry_first_ms: u64 = 500, |ms| (100..=60_000).contains(ms) => "100 to 60000";
        /// Longest pause between two tries in seconds, unless the vendor asks for more.
        retry_longest_s: u64 = 60, |s| (1..=3_600).contains(s) => "1 to 3600";
        /// Tries of one request, the first included. None is made after a notice's own life is over.
        tries_max: u32 = 10, |n| (1..=100).contains(n) => "1 to 100";
        /// Longest pause between two probes of a vendor that is in trouble or cannot be reached, in seconds.
        circuit_longest_s: u64 = 60, |s| (1..=3_600).contains(s) => "1 to 3600";
        /// Seconds until a credential that the vendor refuses is probed; doubles with every refusal. Pushes wait
        /// meanwhile. Replacing the credential or `hongyan push resume` ends the pause at once.
        pause_first_s: u64 = 300, |s| (10..=86_400).contains(s) => "10 to 86400";
        /// Longest pause between two probes of a refused credential, in seconds.
        pause_longest_s: u64 = 3_600, |s| (10..=86_400).contains(s) => "10 to 86400";
        /// Notices of category MARKETING per device and day that HarmonyOS allows; more are not sent. 0: no limit.
        marketing_per_day: u32 = 2, |n| *n <= 1_000 => "0 to 1000";
        /// Background messages per device and hour that HarmonyOS allows; more wait, or are not sent. 0: no limit.
        background_per_hour: u32 = 2, |n| *n <= 1_000 => "0 to 1000";
        /// Requests with test messages per project and day that HarmonyOS allows; more are not sent. 0: no limit.
        test_per_day: u32 = 1_000, |n| *n <= 1_000_000 => "0 to 1000000";
        /// Days that traces are kept.
        retention_days: u64 = 7, |days| (1..=365).contains(days) => "1 to 365";
    }

    /// Receipts, which vendors post to /receipts/VENDOR/APP-ID (and /APP-TYPE).
    receipts: ReceiptsSection {
        /// Takes receipts for credentials without callback user and secret, from whoever sends them.
        unsigned: bool = false, |_| true => "true or false";
        /// Seconds that the time in a vendor's signature may be from this server's.
        skew_s: u64 = 600, |s| (1..=86_400).contains(s) => "1 to 86400";
    }

    /// The embedded store.
    store: StoreSection {
        /// Page cache of the writer, in MiB.
        cache_mib: usize = 16, |mib| (1..=65_536).contains(mib) => "1 to 65536";
        /// Connections that read.
        readers: usize = 4, |n| (1..=64).contains(n) => "1 to 64";
        /// File with the key that push credentials are sealed with: 64 hex digits. Without it, and without a key, one
        /// is made as credentials.key in the data directory. Tools take --key-file, or this from the environment.
        key_file: Option<PathBuf> = None, |_| true => "a file", sample "\"/etc/hongyan/credentials.key\"";
        /// That key itself, before the file. Rather give it by the environment (HONGYAN_STORE_KEY) than in a file.
        key: Option<SealKey> = None, |key| key.as_ref().is_none_or(SealKey::is_good) => "64 hex digits",
            sample "\"0000000000000000000000000000000000000000000000000000000000000000\"";
    }

    /// The console at /console and the logins of its administrators.
    console: ConsoleSection {
        /// Hours until an administrator has to log in again.
        session_hours: u64 = 12, |h| (1..=720).contains(h) => "1 to 720";
        /// Behind a proxy with TLS: browsers send the cookie over https only. With TLS in the program itself it is so
        /// anyway.
        secure_cookies: bool = false, |_| true => "true or false";
        /// Takes the last address in X-Forwarded-For as the client's. Only behind a proxy that sets it: it bounds how
        /// often passwords can be tried, and stands in the audit log.
        forwarded: bool = false, |_| true => "true or false";
    }

    /// Traces for an OpenTelemetry collector, as OTLP over HTTP in JSON. No bodies, tokens or user IDs are in them.
    telemetry: TelemetrySection {
        /// Base of the collector's address; /v1/traces is added. Nothing is exported without it.
        otlp_endpoint: Option<String> = None,
            |url| url.as_ref().is_none_or(|url| url.starts_with("http://") || url.starts_with("https://"))
            => "an address like \"http://localhost:4318\"", sample "\"http://localhost:4318\"";
        /// Headers of every request to the collector, as "name: value".
        otlp_headers: HeaderLines = HeaderLines::default(), HeaderLines::is_good => "headers like \"name: value\"";
        /// The name under which traces appear.
        service_name: String = "hongyan".into(), |name| !name.trim().is_empty() => "a name";
        /// Share of the messages and calls whose trace is exported.
        sample_ratio: f64 = 1.0, |ratio| (0.0..=1.0).contains(ratio) => "0.0 to 1.0";
    }

    /// What the program tells about itself. Never message bodies, tokens or secrets.
    log: LogSection {
        /// "text" for people, "json" for machines.
        format: LogFormat = LogFormat::Text, |_| true => "\"text\" or \"json\"";
        /// Levels, as in "info" or "info,hongyan_server::push=debug".
        filter: String = "info".into(), |text| !text.is_empty() => "a level or a list of module=level";
    }
}

/// HTTP headers as "name: value". Their values may be secrets: `Debug` shows the names.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeaderLines(Vec<String>);

impl HeaderLines {
    /// Names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim(), value.trim()))
    }

    fn is_good(&self) -> bool {
        let name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let good = |(key, value): (&str, &str)| {
            !key.is_empty() && key.chars().all(name) && value.chars().all(|c| (' '..='~').contains(&c))
        };
        self.0.iter().all(|line| line.contains(':')) && self.pairs().all(good)
    }
}

impl std::fmt::Debug for HeaderLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.pairs().map(|(name, _)| name)).finish()
    }
}

/// A key in hex. `Debug` shows dots.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealKey(String);

impl SealKey {
    /// The digits.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn is_good(&self) -> bool {
        self.0.len() == 64 && self.0.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("••••")
    }
}

/// Shape of log lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

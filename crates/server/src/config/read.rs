//! Reads settings from a file and the environment; a refusal names the line and what is allowed.

use super::settings::{Config, Fault, SECTIONS};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Why settings were refused. The text says where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An unknown key, a wrong type, or broken TOML.
    #[error("line {line}: {message}")]
    Text {
        /// Line in the file, from 1.
        line: usize,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// A value in the file is outside its bounds.
    #[error("line {line}: {section}.{key} must be {allowed}")]
    Value {
        /// Line in the file, from 1.
        line: usize,
        /// Section of the setting.
        section: &'static str,
        /// The setting.
        key: &'static str,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A variable of the environment is no setting, or its value is not allowed.
    #[error("environment: {0}")]
    Environment(String),
    /// Two settings do not fit together.
    #[error("{0}")]
    Together(&'static str),
}

impl Config {
    /// Reads a file (or nothing) and the environment's `HONGYAN_…` variables.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| ConfigError::File { path: path.to_owned(), source })?,
            None => String::new(),
        };
        let named = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let variables: Vec<_> = std::env::vars_os().filter_map(named).collect();
        Self::from_text(&text, &variables)
    }

    /// The same from text and variables, for tests.
    pub fn from_text(text: &str, variables: &[(String, String)]) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| in_text(text, &error))?;
        config.check().map_err(|fault| in_line(text, &fault))?;
        let config = config.overridden(variables)?;
        if config.tls.cert.is_some() != config.tls.key.is_some() {
            return Err(ConfigError::Together("tls.cert and tls.key go together: set both or neither"));
        }
        Ok(config)
    }

    fn overridden(self, variables: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut config = self;
        for (name, value) in variables {
            if let Some((section, key)) = setting_of(name, value)? {
                config = config.with_setting(name, section, key, value)?;
            }
        }
        Ok(config)
    }

    fn with_setting(self, name: &str, section: &str, key: &str, value: &str) -> Result<Self, ConfigError> {
        // What reads as TOML and does not fit may be meant as text: a directory named 2026.
        let (typed, text) = (read_value(value), toml::Value::String(value.to_owned()));
        let read = self.replaced(section, key, typed).or_else(|error| {
            self.replaced(section, key, text)
                .map_err(|_| environment(&format!("{name}: {}", error.message())))
        })?;
        read.check().map_err(|fault| environment(&format!("{name} must be {}", fault.allowed)))?;
        Ok(read)
    }

    fn replaced(&self, section: &str, key: &str, value: toml::Value) -> Result<Self, toml::de::Error> {
        let mut table = toml::Table::try_from(self).expect("settings are plain TOML values");
        let values = table.entry(section).or_insert_with(|| toml::Table::new().into());
        values.as_table_mut().expect("sections are tables").insert(key.to_owned(), value);
        table.try_into()
    }
}

/// The setting that a variable names; `None` for variables that are not ours.
fn setting_of(name: &str, value: &str) -> Result<Option<(&'static str, &'static str)>, ConfigError> {
    // A setting has a section and a key: HONGYAN_BIN and the like belong to somebody else.
    if !name.strip_prefix("HONGYAN_").is_some_and(|rest| rest.contains('_')) || is_service(name, value) {
        return Ok(None);
    }
    let all = SECTIONS.iter().flat_map(|section| section.settings.iter().map(|one| (section.name, one.name)));
    match all.into_iter().find(|(section, key)| variable_name(section, key) == name) {
        Some(found) => Ok(Some(found)),
        None => Err(environment(&format!("{name} names no setting; hongyan config example lists them"))),
    }
}

/// Kubernetes tells every container about services, and one may well be called "hongyan" or "hongyan-server".
fn is_service(name: &str, value: &str) -> bool {
    let parts = ["_SERVICE_HOST", "_SERVICE_PORT", "_TCP_PROTO", "_TCP_PORT", "_TCP_ADDR"];
    value.starts_with("tcp://") || parts.iter().any(|part| name.contains(part))
}

fn variable_name(section: &str, key: &str) -> String {
    format!("HONGYAN_{}_{}", section.to_uppercase(), key.to_uppercase())
}

/// A TOML value where it is one, else text as it stands.
fn read_value(text: &str) -> toml::Value {
    let line = format!("value = {text}");
    let read = toml::from_str::<toml::Table>(&line).ok().and_then(|mut table| table.remove("value"));
    read.unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

fn environment(message: &str) -> ConfigError {
    ConfigError::Environment(message.trim().to_owned())
}

fn in_text(text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    ConfigError::Text { line: line_at(text, start), message: error.message().trim().to_owned() }
}

/// Finds the line of a setting, however it is written: below its section's head, dotted, or in an inline table.
fn in_line(text: &str, fault: &Fault) -> ConfigError {
    let start = DeTable::parse(text).ok().and_then(|table| {
        let section = table.get_ref().get(fault.section)?.get_ref().as_table()?;
        Some(section.get_key_value(fault.key)?.0.span().start)
    });
    let line = line_at(text, start.unwrap_or_default());
    ConfigError::Value { line, section: fault.section, key: fault.key, allowed: fault.allowed }
}

/// The line, from 1, of a place in a text.
fn line_at(text: &str, start: usize) -> usize {
    text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Config::from_text(text, &[]).unwrap_err().to_string()
    }

    fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let owned: Vec<_> = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Config::from_text("", &owned)
    }

    #[test]
    fn nothing_at_all_is_a_good_configuration() {
        assert_eq!(Config::from_text("", &[]).unwrap(), Config::default());
        assert!(Config::default().server.listen.ip().is_loopback());
    }

    #[test]
    fn a_refusal_names_the_line_and_what_is_allowed() {
        let unknown = refused("[server]\nlisten = \"127.0.0.1:1\"\nport = 7\n");
        assert!(
            unknown.starts_with("line 3:") && unknown.contains("port") && unknown.contains("listen"),
            "{unknown}"
        );
        let section = refused("\n[sever]\n");
        assert!(section.starts_with("line 2:") && section.contains("server"), "{section}");
        let value = refused("[push]\n# few\nconcurrency_max = 0\n");
        assert_eq!(value, "line 3: push.concurrency_max must be 1 to 1000");
        let kind = refused("[log]\nformat = \"xml\"\n");
        assert!(kind.starts_with("line 2:") && kind.contains("json"), "{kind}");
        for text in
            ["\n\npush.concurrency_max = 0", "# x\n\npush = { retention_days = 1, concurrency_max = 0 }"]
        {
            assert_eq!(refused(text), "line 3: push.concurrency_max must be 1 to 1000", "{text}");
        }
        assert!(refused("[server\n").starts_with("line 1:"));
        assert!(refused("[tls]\ncert = \"a.pem\"\n").contains("go together"));
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let config = with(&[("HONGYAN_SERVER_LISTEN", "127.0.0.1:99"), ("PATH", "/bin")]).unwrap();
        assert_eq!(config.server.listen.port(), 99);
        let config = with(&[("HONGYAN_PUSH_CONCURRENCY_MAX", "7")]).unwrap();
        assert_eq!(config.push.concurrency_max, 7);
        let config = with(&[("HONGYAN_LIMITS_ORIGINS", "[\"https://a.example\"]")]).unwrap();
        assert_eq!(config.limits.origins, ["https://a.example"]);
        let unknown = with(&[("HONGYAN_SERVER_PORT", "1")]).unwrap_err().to_string();
        assert!(unknown.contains("HONGYAN_SERVER_PORT"), "{unknown}");
        let bounds = with(&[("HONGYAN_PUSH_CONCURRENCY_MAX", "0")]).unwrap_err().to_string();
        assert!(bounds.contains("1 to 1000"), "{bounds}");
        let kind = with(&[("HONGYAN_PUSH_CONCURRENCY_MAX", "many")]).unwrap_err().to_string();
        assert!(kind.contains("HONGYAN_PUSH_CONCURRENCY_MAX"), "{kind}");
        assert_eq!(with(&[("HONGYAN_SERVER_DATA", "2026")]).unwrap().server.data, Path::new("2026"));
    }

    #[test]
    fn variables_of_others_are_left_alone() {
        let config = with(&[
            ("HONGYAN_BIN", "target/debug/hongyan"),
            ("HONGYAN_PORT", "tcp://10.0.0.1:80"),
            ("HONGYAN_SERVER_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("HONGYAN_SERVER_SERVICE_PORT_HTTP", "80"),
            ("HONGYANG_SERVER_LISTEN", "nowhere"),
        ]);
        assert_eq!(config.unwrap(), Config::default());
    }
}

//! Reads settings from a file and the environment; a refusal names the line and what is allowed.

use super::settings::{Config, Fault, SECTIONS};
use std::path::{Path, PathBuf};

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
        let mut table = toml::Table::try_from(&self).expect("settings are plain TOML values");
        let mut any = false;
        for (name, value) in variables {
            let Some((section, key)) = setting_of(name)? else { continue };
            any = true;
            let values = table.entry(section).or_insert_with(|| toml::Table::new().into());
            let values = values.as_table_mut().expect("sections are tables");
            values.insert(key.to_owned(), read_value(value));
        }
        if !any {
            return Ok(self);
        }
        let config: Self = table.try_into().map_err(|error: toml::de::Error| environment(error.message()))?;
        config.check().map_err(|fault| {
            let name = variable_name(fault.section, fault.key);
            environment(&format!("{name} must be {}", fault.allowed))
        })?;
        Ok(config)
    }
}

/// The setting that a variable names; `None` for variables that are not ours.
fn setting_of(name: &str) -> Result<Option<(&'static str, &'static str)>, ConfigError> {
    if !name.starts_with("HONGYAN_") {
        return Ok(None);
    }
    let all = SECTIONS.iter().flat_map(|section| section.settings.iter().map(|one| (section.name, one.name)));
    match all.into_iter().find(|(section, key)| variable_name(section, key) == name) {
        Some(found) => Ok(Some(found)),
        None => Err(environment(&format!("{name} names no setting; hongyan config example lists them"))),
    }
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
    let line = text[..start.min(text.len())].matches('\n').count() + 1;
    ConfigError::Text { line, message: error.message().trim().to_owned() }
}

/// Finds the line of a setting: its key below its section's head.
fn in_line(text: &str, fault: &Fault) -> ConfigError {
    let head = format!("[{}]", fault.section);
    let mut inside = false;
    let mut line = 1;
    for (index, content) in text.lines().enumerate() {
        let content = content.trim();
        if content.starts_with('[') {
            inside = content == head;
        }
        let key = content.split('=').next().unwrap_or_default().trim();
        if inside && key == fault.key || key == format!("{}.{}", fault.section, fault.key) {
            line = index + 1;
        }
    }
    ConfigError::Value { line, section: fault.section, key: fault.key, allowed: fault.allowed }
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
    }
}

//! Writes the example file from the settings' own texts.

use super::settings::{Config, SECTIONS};

/// The text of `hongyan.example.toml`: every setting with its text and default, commented out.
pub fn example() -> String {
    let defaults = toml::Table::try_from(Config::default()).expect("settings are plain TOML values");
    let mut text = String::from(
        "# Settings of Hongyan. All are optional: what is commented out shows the default.\n\
         # HONGYAN_SECTION_KEY in the environment goes before this file, e.g. HONGYAN_SERVER_LISTEN.\n\
         # Check a file with: hongyan config check --config FILE\n",
    );
    for section in SECTIONS {
        text.push('\n');
        comment(&mut text, section.text);
        text.push_str(&format!("[{}]\n", section.name));
        for setting in section.settings {
            text.push('\n');
            comment(&mut text, setting.text);
            let value = defaults.get(section.name).and_then(|values| values.get(setting.name));
            match (value, setting.sample) {
                (Some(value), _) => text.push_str(&format!("#{} = {value}\n", setting.name)),
                (None, Some(sample)) => text.push_str(&format!("#{} = {sample}\n", setting.name)),
                (None, None) => text.push_str(&format!("#{} =\n", setting.name)),
            }
        }
    }
    text
}

fn comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.push_str(&format!("#{line}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_committed_example_is_the_one_that_the_settings_write() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hongyan.example.toml");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, example()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap();
        assert_eq!(committed, example(), "run the test with UPDATE_DOCS=1 and commit the file");
    }

    #[test]
    fn the_example_with_everything_switched_on_is_a_good_file() {
        let on: String = example()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let config = Config::from_text(&on, &[]).unwrap();
        assert_eq!(config.limits, Config::default().limits);
        assert!(config.tls.cert.is_some());
    }
}

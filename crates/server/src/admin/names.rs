//! Names that people give to apps and administrators.

use super::refused::{Refused, Rule};

/// Characters of a name.
pub(super) const NAME_CHARS_MAX: usize = 64;

/// The name without blanks around it, if it can be one.
pub(super) fn good_name(name: &str) -> Result<String, Refused> {
    let name = name.trim();
    let good = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    match good {
        true => Ok(name.to_owned()),
        false => {
            let rule = format!("a name has 1 to {NAME_CHARS_MAX} characters");
            Err(Refused::input("name", rule).rule(Rule::NameLength))
        }
    }
}

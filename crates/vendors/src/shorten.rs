//! Cutting title and text to a vendor's size limit, never inside a character a reader sees as one.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Shows that something was cut off.
const ELLIPSIS: &str = "…";

/// What is kept of title and text when a vendor found them too long although we counted them fit.
pub(crate) const SHORT_BODY_BYTES_MAX: usize = 96;

/// A title and a body that fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fitted<'a> {
    pub(crate) title: Cow<'a, str>,
    pub(crate) body: Cow<'a, str>,
}

/// Shortens `body` first, then `title`, until `size_of(title, body)` is at most `limit` bytes. What was cut
/// ends in an ellipsis. `Err` carries the smallest size reachable when even that is too much.
///
/// `size_of` must not shrink when a text grows.
pub(crate) fn fit<'a>(
    title: &'a str,
    body: &'a str,
    limit: usize,
    size_of: impl Fn(&str, &str) -> usize,
) -> Result<Fitted<'a>, usize> {
    if size_of(title, body) <= limit {
        return Ok(Fitted { title: title.into(), body: body.into() });
    }
    if let Some(body) = longest(body, limit, |text| size_of(title, text) <= limit) {
        return Ok(Fitted { title: title.into(), body: body.into() });
    }
    let least_body = if body.is_empty() { "" } else { ELLIPSIS };
    if let Some(title) = longest(title, limit, |text| size_of(text, least_body) <= limit) {
        return Ok(Fitted { title: title.into(), body: least_body.into() });
    }
    let least_title = if title.is_empty() { "" } else { ELLIPSIS };
    Err(size_of(least_title, least_body))
}

/// At most `bytes_max` bytes of `text` (at least an ellipsis), cut between characters as a reader sees them.
pub(crate) fn cut_to(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if text.len() <= bytes_max {
        return text.into();
    }
    longest(text, bytes_max, |text| text.len() <= bytes_max).unwrap_or_else(|| ELLIPSIS.to_owned()).into()
}

/// The longest prefix of `text` that `fits` with an ellipsis behind it; looks no further than `window` bytes.
fn longest(text: &str, window: usize, fits: impl Fn(&str) -> bool) -> Option<String> {
    let ends: Vec<usize> =
        text.grapheme_indices(true).map(|(start, _)| start).take_while(|start| *start <= window).collect();
    let shortened = |end: usize| format!("{}{ELLIPSIS}", text[..end].trim_end());
    let fitting = ends.partition_point(|end| fits(&shortened(*end)));
    let end = *ends.get(fitting.checked_sub(1)?)?;
    Some(shortened(end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(title: &str, body: &str) -> usize {
        title.len() + body.len()
    }

    #[test]
    fn cuts_body_then_title_and_says_when_neither_helps() {
        let table = [
            ("ti", "body", 6, Ok(("ti", "body"))),
            ("ti", "a longer body", 10, Ok(("ti", "a lon…"))),
            ("ti", "a longer body", 9, Ok(("ti", "a lo…"))),
            ("ti", "ab longer", 8, Ok(("ti", "ab…"))),
            ("ti", "body", 5, Ok(("ti", "…"))),
            ("a long title", "body", 10, Ok(("a lo…", "…"))),
            ("a long title", "", 7, Ok(("a lo…", ""))),
            ("title", "body", 5, Err(6)),
            ("", "body", 2, Err(3)),
        ];
        for (title, body, limit, expected) in table {
            let expected = expected.map(|(title, body)| Fitted { title: title.into(), body: body.into() });
            assert_eq!(fit(title, body, limit, plain), expected, "{title:?} {body:?} {limit}");
        }
    }

    #[test]
    fn an_emoji_made_of_several_is_kept_whole_or_dropped() {
        let family = "👨‍👩‍👧";
        let text = format!("hi {family}{family}");
        let whole = text.len();
        assert_eq!(cut_to(&text, whole), text);
        assert_eq!(cut_to(&text, whole - 1), format!("hi {family}…"));
        assert_eq!(cut_to(&text, family.len()), "hi…");
        assert_eq!(cut_to("🇨🇳🇨🇳", 12), "🇨🇳…");
    }

    proptest! {
        #[test]
        fn never_exceeds_the_limit_nor_tears_a_character(
            title in ".{0,40}", body in ".{0,200}", limit in 6usize..300,
        ) {
            let fitted = fit(&title, &body, limit, plain).expect("two ellipses fit");
            prop_assert!(plain(&fitted.title, &fitted.body) <= limit);
            for (kept, full) in [(&fitted.title, &title), (&fitted.body, &body)] {
                if kept.as_ref() != full.as_str() {
                    let prefix = kept.strip_suffix(ELLIPSIS).expect("a cut ends in an ellipsis");
                    prop_assert!(full.starts_with(prefix));
                    let rest = &full[prefix.len()..];
                    let at_boundary = full.grapheme_indices(true).any(|(start, _)| start == prefix.len());
                    prop_assert!(at_boundary || rest.starts_with(char::is_whitespace));
                }
            }
        }
    }
}

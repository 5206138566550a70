//! Words that the kinds describe their steps with.

use rustix::process::geteuid;

/// The user that salve acts as.
pub(super) fn user() -> String {
    let uid = geteuid();
    if uid.is_root() { "root".into() } else { format!("uid {}", uid.as_raw()) }
}

/// One word as a reader would quote it: plain where it is plain, so that two arguments never look like one.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_so_that_arguments_cannot_be_mistaken() {
        assert_eq!(quoted("--vacuum-size=500M"), "--vacuum-size=500M");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}

//! Untrusted text: cleaned, cut and redacted, whatever it holds.

use salve::text::redact::redact;
use salve::text::{clean, clean_line, cut_line, json};

pub fn drive(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    super::is_harmless(&clean(&text));
    let line = clean_line(&text);
    assert!(!line.contains(['\n', '\t', '\r']), "a line is one line");
    super::is_harmless(&line);
    for most in [1, 7, 200] {
        let cut = cut_line(&text, most);
        assert!(cut.chars().count() <= most.max(1), "no longer than it may be: {cut:?}");
        assert!(!cut.contains('\n'));
    }
    let redacted = redact(&text);
    assert_eq!(redact(&redacted), redacted, "what is hidden stays so");
    let written = serde_json::to_string(&*text).expect("any text is a JSON string");
    let read: String = serde_json::from_str(&json(&written)).expect("escaped JSON is JSON");
    assert_eq!(read, *text, "escaping changes no value");
}

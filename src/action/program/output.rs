//! Prepares the output of an attempt's program for storage and display.

use crate::action::redact;
use crate::host::child::{Capture, CapturedText};
use crate::text;

/// The text, safe to store and to show: controls and bidi marks visible, secrets redacted.
#[must_use]
pub fn captured(capture: &Capture) -> String {
    match capture.parts() {
        CapturedText::Whole(bytes) => presentable(&bytes),
        CapturedText::Cut { head, tail, left_out } => {
            let size = bytesize::ByteSize(left_out).display().iec();
            // The line at the cut may hold a secret whose name was cut off, so the whole line is dropped.
            let whole = tail.iter().position(|byte| *byte == b'\n').map_or(&tail[..], |end| &tail[end + 1..]);
            format!("{}\n[{size} left out]\n{}", presentable(head), presentable(whole))
        }
    }
}

/// Cleans and redacts what a program printed.
#[must_use]
pub fn presentable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    redact::redact(&text::clean(&text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: usize = 64 * 1024;

    #[test]
    fn what_was_left_out_is_counted_between_both_ends() {
        let mut capture = Capture::new(2 * KEPT);
        capture.push(b"first\n");
        capture.push(&vec![b'\n'; 4 * KEPT]);
        capture.push(b"last\n");
        let text = captured(&capture);
        assert!(text.starts_with("first\n") && text.ends_with("last\n") && text.contains("left out]"));
    }

    #[test]
    fn a_secret_whose_name_was_cut_off_is_not_kept() {
        let mut capture = Capture::new(2 * KEPT);
        capture.push(&vec![b'.'; KEPT]);
        capture.push(b"password=");
        let mut end = b"hunter2\n".to_vec();
        end.extend(vec![b'.'; KEPT - end.len()]);
        capture.push(&end);
        assert!(!captured(&capture).contains("hunter2"));
    }

    #[test]
    fn controls_are_visible_and_secrets_are_gone() {
        assert_eq!(presentable(b"\x1b[1mtoken=abc\n"), "\u{241b}[1mtoken=[redacted]\n");
    }
}

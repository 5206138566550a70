//! What a program printed: drained always, so that it never blocks; its first and last 64 KiB are kept.

use std::collections::VecDeque;

use super::redact;
use crate::text;

/// Bytes kept of the beginning, and of the end.
const KEPT: usize = 64 * 1024;

/// Keeps the beginning and the end of a stream of any length in bounded memory.
#[derive(Debug, Default)]
pub struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Capture {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = KEPT - self.head.len();
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(head);
        let skipped = rest.len().saturating_sub(KEPT);
        let over = (self.tail.len() + rest.len() - skipped).saturating_sub(KEPT);
        self.tail.drain(..over);
        self.tail.extend(&rest[skipped..]);
        self.left_out += u64::try_from(skipped + over).unwrap_or(u64::MAX);
    }

    /// The text, safe to store and to show: controls and bidi marks visible, secrets redacted.
    #[must_use]
    pub fn text(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        if self.left_out == 0 {
            return presentable(&[&self.head[..], &tail[..]].concat());
        }
        let size = bytesize::ByteSize(self.left_out).display().iec();
        // The line that the cut went through may hold a secret whose name was left out: it goes whole.
        let whole = tail.iter().position(|byte| *byte == b'\n').map_or(&tail[..], |end| &tail[end + 1..]);
        format!("{}\n[{size} left out]\n{}", presentable(&self.head), presentable(whole))
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

    #[test]
    fn short_output_is_kept_whole() {
        let mut capture = Capture::default();
        capture.push(b"one\r\n");
        capture.push(b"two\n");
        assert_eq!(capture.text(), "one\ntwo\n");
    }

    #[test]
    fn of_long_output_the_first_and_last_bytes_are_kept_and_the_rest_is_counted() {
        let mut capture = Capture::default();
        capture.push(b"first\n");
        for _ in 0..10_000 {
            capture.push(&[b'x'; 99]);
            capture.push(b"\n");
        }
        capture.push(b"last\n");
        assert!(capture.head.len() + capture.tail.len() <= 2 * KEPT);
        let kept = u64::try_from(capture.head.len() + capture.tail.len()).unwrap();
        assert_eq!(kept + capture.left_out, 1_000_011);
        let text = capture.text();
        assert!(text.starts_with("first\n") && text.ends_with("last\n"));
        assert!(text.contains("left out]"));
    }

    #[test]
    fn one_push_larger_than_both_ends_keeps_both_ends() {
        let mut capture = Capture::default();
        let big: Vec<u8> = (0..KEPT * 4).map(|at| if at < KEPT { b'a' } else { b'b' }).collect();
        capture.push(&big);
        assert_eq!(capture.left_out, u64::try_from(KEPT * 2).unwrap());
        assert!(capture.tail.iter().all(|byte| *byte == b'b'));
    }

    #[test]
    fn a_secret_whose_name_was_cut_off_is_not_kept() {
        let mut capture = Capture::default();
        capture.push(&vec![b'.'; KEPT]);
        capture.push(b"password=");
        let mut end = b"hunter2\n".to_vec();
        end.extend(vec![b'.'; KEPT - end.len()]);
        capture.push(&end);
        assert!(!capture.text().contains("hunter2"));
    }

    #[test]
    fn controls_are_visible_and_secrets_are_gone() {
        assert_eq!(presentable(b"\x1b[1mtoken=abc\n"), "\u{241b}[1mtoken=[redacted]\n");
    }
}

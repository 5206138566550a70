//! What a program printed: drained always, so that it never blocks; its first and last bytes are kept.

use std::collections::VecDeque;

use crate::text::clean;

/// Keeps the beginning and the end of a stream of any length in bounded memory.
#[derive(Debug)]
pub struct Capture {
    /// Bytes kept of the beginning, and of the end.
    half: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Capture {
    /// Keeps so many bytes, half of them of the beginning and half of the end.
    #[must_use]
    pub const fn new(keep: usize) -> Self {
        Self { half: keep / 2, head: Vec::new(), tail: VecDeque::new(), left_out: 0 }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = self.half - self.head.len();
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(head);
        let skipped = rest.len().saturating_sub(self.half);
        let over = (self.tail.len() + rest.len() - skipped).saturating_sub(self.half);
        self.tail.drain(..over);
        self.tail.extend(&rest[skipped..]);
        self.left_out += u64::try_from(skipped + over).unwrap_or(u64::MAX);
    }

    /// The beginning, as it came.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The first line that says anything, cut and clean; none where there is none.
    #[must_use]
    pub fn first_line(&self, longest: usize) -> Option<String> {
        let text = String::from_utf8_lossy(&self.head);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        Some(crate::text::clean_line(line).chars().take(longest).collect())
    }

    /// All that was kept, clean; what was left out between is counted.
    #[must_use]
    pub fn text(&self) -> String {
        let words = |bytes: &[u8]| clean(&String::from_utf8_lossy(bytes)).into_owned();
        match self.parts() {
            CapturedText::Whole(bytes) => words(&bytes),
            CapturedText::Cut { head, tail, left_out } => {
                format!("{}\n[… {left_out} bytes left out …]\n{}", words(head), words(&tail))
            }
        }
    }

    /// What was kept, as it came.
    #[must_use]
    pub fn parts(&self) -> CapturedText<'_> {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        match self.left_out {
            0 => CapturedText::Whole([&self.head[..], &tail[..]].concat()),
            left_out => CapturedText::Cut { head: &self.head, tail, left_out },
        }
    }
}

/// What was kept of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum CapturedText<'a> {
    /// All of it.
    Whole(Vec<u8>),
    /// Its two ends, with the number of bytes between.
    Cut {
        /// Its first bytes.
        head: &'a [u8],
        /// Its last bytes.
        tail: Vec<u8>,
        /// How many bytes are missing between.
        left_out: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: usize = 64 * 1024;

    #[test]
    fn short_output_is_kept_whole() {
        let mut capture = Capture::new(2 * KEPT);
        capture.push(b"\n  one\x1b \r\n");
        capture.push(b"two\n");
        assert_eq!(capture.parts(), CapturedText::Whole(b"\n  one\x1b \r\ntwo\n".to_vec()));
        assert_eq!(capture.first_line(4).as_deref(), Some("one\u{241b}"));
        assert_eq!(Capture::new(10).first_line(10), None);
    }

    #[test]
    fn of_long_output_the_first_and_last_bytes_are_kept_and_the_rest_is_counted() {
        let mut capture = Capture::new(2 * KEPT);
        capture.push(b"first\n");
        for _ in 0..10_000 {
            capture.push(&[b'x'; 99]);
            capture.push(b"\n");
        }
        capture.push(b"last\n");
        let CapturedText::Cut { head, tail, left_out } = capture.parts() else { panic!("not cut") };
        assert!(head.len() + tail.len() <= 2 * KEPT);
        assert_eq!(u64::try_from(head.len() + tail.len()).unwrap() + left_out, 1_000_011);
        assert!(head.starts_with(b"first\n") && tail.ends_with(b"last\n"));
    }

    #[test]
    fn one_push_larger_than_both_ends_keeps_both_ends() {
        let mut capture = Capture::new(2 * KEPT);
        let big: Vec<u8> = (0..KEPT * 4).map(|at| if at < KEPT { b'a' } else { b'b' }).collect();
        capture.push(&big);
        let CapturedText::Cut { head, tail, left_out } = capture.parts() else { panic!("not cut") };
        assert_eq!(left_out, u64::try_from(KEPT * 2).unwrap());
        assert!(head.iter().all(|byte| *byte == b'a') && tail.iter().all(|byte| *byte == b'b'));
    }
}

//! From a terminal's bytes to keys. A sequence may arrive in pieces over a slow link, so a lone Esc is one only when
//! nothing follows it for a moment; text between paste marks is a paste, whatever it holds. What is not understood is
//! swallowed whole, so that no rest of it is taken for keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// How long a lone Esc waits for what may follow, in milliseconds.
pub const ESCAPE_WAIT: u64 = 60;

/// The longest paste that is kept, in bytes.
const LONGEST_PASTE: usize = 1024 * 1024;
/// The longest sequence that makes sense, in bytes.
const LONGEST_SEQUENCE: usize = 64;
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A key, alone or with Ctrl, Alt or Shift.
    Key(KeyEvent),
    /// The text of a bracketed paste, without the marks around it.
    Paste(String),
    /// The mouse did something while its reports were on.
    Mouse(Mouse),
}

/// What the mouse did, at a column and a row counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    /// The left button went down.
    Click(u16, u16),
    /// The wheel turned towards the top.
    WheelUp(u16, u16),
    /// The wheel turned towards the bottom.
    WheelDown(u16, u16),
}

/// Where the reading stands.
#[derive(Debug, Default)]
pub struct Decoder {
    state: DecoderState,
}

#[derive(Debug, Default)]
enum DecoderState {
    #[default]
    Ground,
    /// ESC came: what follows tells whether it was the key or the beginning of a sequence.
    Escape,
    /// After `ESC [`.
    Control(Vec<u8>),
    /// After `ESC O`.
    Single,
    /// After `ESC [ M`: so many bytes of an old mouse's report are still to come, and none of them is a key.
    OldMouse(u8),
    /// Inside a string that a terminal answers with; ends with BEL or `ESC \`.
    Answer { escape: bool },
    /// Inside a character of several bytes.
    Wide(Vec<u8>, usize),
    /// Between paste marks.
    Paste(Vec<u8>),
}

impl Decoder {
    /// Takes bytes in.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Typed> {
        let mut typed = Vec::new();
        for byte in bytes {
            self.state = step(std::mem::take(&mut self.state), *byte, &mut typed);
        }
        typed
    }

    /// Is there an Esc that may be the beginning of something?
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(self.state, DecoderState::Escape)
    }

    /// Ends the wait after an ESC that nothing followed: it was the key. None where no ESC waits.
    pub fn settle(&mut self) -> Option<Typed> {
        if !self.waits() {
            return None;
        }
        self.state = DecoderState::Ground;
        Some(named(KeyCode::Esc))
    }
}

fn named(code: KeyCode) -> Typed {
    Typed::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn step(state: DecoderState, byte: u8, typed: &mut Vec<Typed>) -> DecoderState {
    match state {
        DecoderState::Ground => return ground(byte, typed),
        DecoderState::Escape => return escape(byte, typed),
        DecoderState::Control(mut bytes) => match byte {
            0x40..=0x7e if !(byte == b'[' && bytes.is_empty()) => {
                if bytes == b"200" && byte == b'~' {
                    return DecoderState::Paste(Vec::new());
                }
                if bytes.is_empty() && byte == b'M' {
                    return DecoderState::OldMouse(3);
                }
                typed.extend(mouse(&bytes, byte).or_else(|| control(&bytes, byte)));
            }
            0x1b => return DecoderState::Escape,
            _ if bytes.len() < LONGEST_SEQUENCE => {
                bytes.push(byte);
                return DecoderState::Control(bytes);
            }
            _ => {}
        },
        DecoderState::Single => typed.extend(arrow(byte).map(named)),
        DecoderState::OldMouse(2..=3) if byte == 0x1b => return DecoderState::Escape,
        DecoderState::OldMouse(left @ 2..) => return DecoderState::OldMouse(left - 1),
        DecoderState::OldMouse(_) => {}
        DecoderState::Answer { escape } => match (escape, byte) {
            (_, 0x07) | (true, b'\\') => {}
            _ => return DecoderState::Answer { escape: byte == 0x1b },
        },
        DecoderState::Wide(mut bytes, length) => {
            if byte & 0xc0 != 0x80 {
                return ground(byte, typed);
            }
            bytes.push(byte);
            if bytes.len() < length {
                return DecoderState::Wide(bytes, length);
            }
            let sign = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next());
            typed.extend(sign.map(|sign| named(KeyCode::Char(sign))));
        }
        DecoderState::Paste(mut bytes) => {
            bytes.push(byte);
            if bytes.ends_with(PASTE_ENDS) {
                bytes.truncate(bytes.len() - PASTE_ENDS.len());
                typed.push(Typed::Paste(String::from_utf8_lossy(&bytes).into_owned()));
            } else {
                if bytes.len() > LONGEST_PASTE {
                    // the end mark is still waited for, what overflows is forgotten
                    bytes.drain(LONGEST_PASTE - PASTE_ENDS.len()..bytes.len() - PASTE_ENDS.len());
                }
                return DecoderState::Paste(bytes);
            }
        }
    }
    DecoderState::Ground
}

fn ground(byte: u8, typed: &mut Vec<Typed>) -> DecoderState {
    let key = match byte {
        0x1b => return DecoderState::Escape,
        b'\r' | b'\n' => named(KeyCode::Enter),
        b'\t' => named(KeyCode::Tab),
        0x08 | 0x7f => named(KeyCode::Backspace),
        // what terminals send for Ctrl-Space
        0x00 => Typed::Key(KeyEvent::new(KeyCode::Char(' '), KeyModifiers::CONTROL)),
        0x01..=0x1a => Typed::Key(KeyEvent::new(KeyCode::Char(char::from(byte - 1 + b'a')), KeyModifiers::CONTROL)),
        0x20..=0x7e => named(KeyCode::Char(char::from(byte))),
        0xc2..=0xdf => return DecoderState::Wide(vec![byte], 2),
        0xe0..=0xef => return DecoderState::Wide(vec![byte], 3),
        0xf0..=0xf4 => return DecoderState::Wide(vec![byte], 4),
        _ => return DecoderState::Ground,
    };
    typed.push(key);
    DecoderState::Ground
}

fn escape(byte: u8, typed: &mut Vec<Typed>) -> DecoderState {
    match byte {
        b'[' => DecoderState::Control(Vec::new()),
        b'O' => DecoderState::Single,
        b']' | b'P' | b'_' | b'^' | b'X' => DecoderState::Answer { escape: false },
        0x1b => {
            typed.push(named(KeyCode::Esc));
            DecoderState::Escape
        }
        // with Alt: no key of ours, and not the key without it either
        _ => DecoderState::Ground,
    }
}

/// A sequence's meaning; one with a modifier means nothing here.
fn control(bytes: &[u8], last: u8) -> Option<Typed> {
    let code = match (bytes, last) {
        (b"" | b"1", _) if arrow(last).is_some() => arrow(last)?,
        (b"", b'Z') => KeyCode::BackTab,
        (b"1" | b"7", b'~') => KeyCode::Home,
        (b"3", b'~') => KeyCode::Delete,
        (b"4" | b"8", b'~') => KeyCode::End,
        (b"5", b'~') => KeyCode::PageUp,
        (b"6", b'~') => KeyCode::PageDown,
        _ => return None,
    };
    Some(named(code))
}

/// A mouse's report, as `ESC [ < button ; column ; row M` gives it.
fn mouse(bytes: &[u8], last: u8) -> Option<Typed> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"<")?).ok()?;
    let mut numbers = text.split(';').map(|number| number.parse::<u16>().ok());
    let [button, column, row] = [numbers.next()??, numbers.next()??, numbers.next()??];
    let (x, y) = (column.checked_sub(1)?, row.checked_sub(1)?);
    let mouse = match (button, last) {
        (0, b'M') => Mouse::Click(x, y),
        (64, b'M') => Mouse::WheelUp(x, y),
        (65, b'M') => Mouse::WheelDown(x, y),
        _ => return None,
    };
    numbers.next().is_none().then_some(Typed::Mouse(mouse))
}

fn arrow(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<Typed> {
        let mut decoder = Decoder::default();
        let mut typed: Vec<Typed> = chunks.iter().flat_map(|chunk| decoder.feed(chunk)).collect();
        typed.extend(decoder.settle());
        typed
    }

    fn sign(sign: char) -> Typed {
        named(KeyCode::Char(sign))
    }

    #[test]
    fn a_sequence_in_pieces_is_no_bare_escape() {
        for chunks in
            [&[&b"\x1b"[..], b"[A"][..], &[b"\x1b[", b"A"], &[b"\x1b", b"[", b"A"], &[b"\x1bOA"], &[b"\x1b[1A"]]
        {
            assert_eq!(read(chunks), [named(KeyCode::Up)]);
        }
        assert_eq!(read(&[b"\x1b"]), [named(KeyCode::Esc)]);
        assert_eq!(read(&[b"\x1b\x1b"]), [named(KeyCode::Esc), named(KeyCode::Esc)]);
        assert_eq!(
            read(&[b"\x1b[6~", b"\x1b[Z", b"g"]),
            [named(KeyCode::PageDown), named(KeyCode::BackTab), sign('g')]
        );
    }

    #[test]
    fn a_paste_is_no_keys_whatever_it_holds() {
        assert_eq!(read(&[b"\x1b[200~y\r\x1b", b"[Aq\x1b[20", b"1~k"]), [Typed::Paste("y\r\x1b[Aq".into()), sign('k')]);
        let mut decoder = Decoder::default();
        decoder.feed(b"\x1b[200~");
        decoder.feed(&vec![b'y'; 3 * LONGEST_PASTE]);
        let typed = decoder.feed(b"\x1b[201~q");
        assert!(matches!(&typed[..], [Typed::Paste(text), key] if text.len() <= LONGEST_PASTE && *key == sign('q')));
    }

    #[test]
    fn what_is_not_understood_leaves_nothing_behind() {
        let silent: [&[u8]; 6] =
            [b"\x1b[?62;1;2c", b"\x1b]11;rgb:0/0/0\x1b\\", b"\x1b[1;5A", b"\x1bq", b"\x1bP1$r\x07", b"\xff\xfe"];
        for bytes in silent {
            assert_eq!(read(&[bytes, b"j"]), [sign('j')], "{bytes:?}");
        }
        // the Linux console's function keys
        assert_eq!(read(&[b"\x1b[[A", b"j"]), [sign('j')]);
    }

    #[test]
    fn a_mouse_clicks_and_its_wheel_turns() {
        let mouse = |mouse| vec![Typed::Mouse(mouse)];
        assert_eq!(read(&[b"\x1b[<0;12;", b"3M\x1b[<0;12;3m"]), mouse(Mouse::Click(11, 2)));
        assert_eq!(read(&[b"\x1b[<64;1;1M"]), mouse(Mouse::WheelUp(0, 0)));
        assert_eq!(read(&[b"\x1b[<65;300;100M"]), mouse(Mouse::WheelDown(299, 99)));
        // other buttons, movement, held keys, nonsense and an old mouse mean nothing and leave no keys behind
        let silent: [&[u8]; 8] = [
            b"\x1b[<2;1;1M",
            b"\x1b[<35;1;1M",
            b"\x1b[<16;1;1M",
            b"\x1b[<0;0;1M",
            b"\x1b[<0;70000;1M",
            b"\x1b[<0;1M",
            b"\x1b[<0;1;1;1M",
            b"\x1b[My!q",
        ];
        for bytes in silent {
            assert_eq!(read(&[bytes, b"j"]), [sign('j')], "{bytes:?}");
        }
    }

    #[test]
    fn letters_of_all_lengths_and_control_keys() {
        assert_eq!(read(&["aß日".as_bytes(), "🙂".as_bytes()]), [sign('a'), sign('ß'), sign('日'), sign('🙂')]);
        assert_eq!(read(&[b"\xc3", b"\xa9"]), [sign('é')]);
        assert_eq!(read(&[b"\xe6j"]), [sign('j')]);
        let ctrl = |c| Typed::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
        assert_eq!(
            read(&[b"\x0c\x1a\x03\r\x7f"]),
            [ctrl('l'), ctrl('z'), ctrl('c'), named(KeyCode::Enter), named(KeyCode::Backspace)]
        );
    }
}

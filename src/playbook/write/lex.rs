//! Splits a text that need not be valid TOML yet into words, quoted texts and brackets, in one pass over its
//! characters.

use std::ops::Range;

/// One token of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token's range in its line, in characters.
    pub chars: Range<usize>,
    /// The kind of token, with its content.
    pub what: What,
}

/// The kinds of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// From `#` to the line's end.
    Comment,
    /// A bare word: a key, a number, `true`, or what is none of them.
    Word(String),
    /// A text between quotes, or one line of it.
    Text(QuotedText),
    /// An opening bracket, `[`.
    OpenList,
    /// A closing bracket, `]`.
    CloseList,
    /// An opening brace, `{`.
    OpenTable,
    /// A closing brace, `}`.
    CloseTable,
    /// An equals sign between a key and its value.
    Equals,
    /// A comma between two elements or entries.
    Comma,
}

/// A text between quotes, or one line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotedText {
    /// What stands between the quotes, as written.
    pub inner: String,
    /// Whether it begins on this line.
    pub begins: bool,
    /// How it ends on this line.
    pub end: LineEnd,
}

/// How a text ends on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// It ends with its closing quotes.
    Closed,
    /// It does not end: a text of several lines goes on.
    GoesOn,
    /// Its closing quotes are missing.
    Unfinished,
}

/// Which quotes are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quote {
    mark: char,
    long: bool,
}

impl Quote {
    fn length(self) -> usize {
        if self.long { 3 } else { 1 }
    }
}

/// The pieces of each line; lines are parted by `\n` alone, so a last empty line counts.
pub fn lex(source: &str) -> Vec<Vec<Token>> {
    let mut open = None;
    let mut opened_at = None;
    let mut lines: Vec<Vec<Token>> = Vec::new();
    for (nth, line) in source.split('\n').enumerate() {
        let chars: Vec<char> = line.strip_suffix('\r').unwrap_or(line).chars().collect();
        let tokens = line_of(&chars, &mut open);
        // the text that is open now is the line's last piece; it may have begun on an earlier line
        let begins =
            matches!(tokens.last().map(|token| &token.what), Some(What::Text(QuotedText { begins: true, .. })));
        if open.is_some() && begins {
            opened_at = Some((nth, tokens.len() - 1));
        }
        lines.push(tokens);
    }
    if let (Some(_), Some((line, nth))) = (open, opened_at)
        && let What::Text(text) = &mut lines[line][nth].what
    {
        text.end = LineEnd::Unfinished;
    }
    lines
}

fn line_of(chars: &[char], open: &mut Option<Quote>) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    if let Some(quote) = *open {
        at = text(chars, 0, 0, quote, false, open, &mut tokens);
    }
    while let Some(&c) = chars.get(at) {
        let one = |what| Token { chars: at..at + 1, what };
        match c {
            ' ' | '\t' => {}
            '#' => {
                tokens.push(Token { chars: at..chars.len(), what: What::Comment });
                break;
            }
            '"' | '\'' => {
                let long = chars[at..].starts_with(&[c; 3]);
                let quote = Quote { mark: c, long };
                at = text(chars, at, at + quote.length(), quote, true, open, &mut tokens);
                continue;
            }
            '[' => tokens.push(one(What::OpenList)),
            ']' => tokens.push(one(What::CloseList)),
            '{' => tokens.push(one(What::OpenTable)),
            '}' => tokens.push(one(What::CloseTable)),
            '=' => tokens.push(one(What::Equals)),
            ',' => tokens.push(one(What::Comma)),
            _ => {
                let length = chars[at..].iter().take_while(|c| !" \t#\"'[]{}=,".contains(**c)).count();
                let word = chars[at..at + length].iter().collect();
                tokens.push(Token { chars: at..at + length, what: What::Word(word) });
                at += length;
                continue;
            }
        }
        at += 1;
    }
    tokens
}

/// Reads a text whose inner part begins at `inner`; gives the place behind it.
fn text(
    chars: &[char],
    start: usize,
    inner: usize,
    quote: Quote,
    begins: bool,
    open: &mut Option<Quote>,
    tokens: &mut Vec<Token>,
) -> usize {
    let mut at = inner;
    let (close, end) = loop {
        match chars.get(at) {
            None if quote.long => break (chars.len(), LineEnd::GoesOn),
            None => break (chars.len(), LineEnd::Unfinished),
            Some('\\') if quote.mark == '"' => at += 2,
            Some(c) if *c == quote.mark && !quote.long => break (at, LineEnd::Closed),
            Some(c) if *c == quote.mark => {
                let run = chars[at..].iter().take_while(|c| **c == quote.mark).count();
                // up to two quotes may stand before the closing three
                if run >= 3 {
                    break (at + (run - 3).min(2), LineEnd::Closed);
                }
                at += run;
            }
            Some(_) => at += 1,
        }
    };
    *open = (end == LineEnd::GoesOn).then_some(quote);
    let behind = if end == LineEnd::Closed { close + quote.length() } else { chars.len() };
    let inner = chars[inner.min(close)..close].iter().collect();
    if begins || behind > start {
        tokens.push(Token { chars: start..behind, what: What::Text(QuotedText { inner, begins, end }) });
    }
    behind
}

/// `a.b` as its parts; `a.` has one.
pub fn parts(word: &str) -> Vec<String> {
    word.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A key, or one part of it, that needs no quotes.
pub fn is_bare_key(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// A key without quotes, with its dots.
pub fn is_key(word: &str) -> bool {
    word.split('.').all(is_bare_key)
}

/// A number, a time or a truth: what TOML writes without quotes.
pub fn is_value(word: &str) -> bool {
    let bare = word.trim_start_matches(['+', '-']);
    let number = |c: char| c.is_ascii_hexdigit() || "+-_.:xobTtZz".contains(c);
    matches!(bare, "inf" | "nan") || matches!(word, "true" | "false") || {
        bare.starts_with(|c: char| c.is_ascii_digit()) && bare.chars().all(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<(usize, String, LineEnd)> {
        let lines = lex(source);
        let of = |(nth, line): (usize, Vec<Token>)| {
            line.into_iter().filter_map(move |token| match token.what {
                What::Text(text) => Some((nth, text.inner, text.end)),
                _ => None,
            })
        };
        lines.into_iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn texts_end_where_toml_ends_them() {
        let told = |source| texts(source).into_iter().map(|(_, inner, end)| (inner, end)).collect::<Vec<_>>();
        assert_eq!(told(r#"a = "x\"y" # "z""#), [(r#"x\"y"#.to_owned(), LineEnd::Closed)]);
        assert_eq!(told(r"a = 'x\' "), [(r"x\".to_owned(), LineEnd::Closed)]);
        assert_eq!(told("a = \"x"), [("x".to_owned(), LineEnd::Unfinished)]);
        assert_eq!(told("a = \"x\\"), [("x\\".to_owned(), LineEnd::Unfinished)]);
        assert_eq!(told(r#"a = """x""y""""" "#), [(r#"x""y"""#.to_owned(), LineEnd::Closed)]);
        assert_eq!(told("a = \"\""), [(String::new(), LineEnd::Closed)]);
    }

    #[test]
    fn a_text_of_several_lines_goes_on_until_it_is_closed() {
        let told = texts("a = '''one\n\ntwo''' # x\nb = 1");
        assert_eq!(told, [(0, "one".into(), LineEnd::GoesOn), (2, "two".into(), LineEnd::Closed)]);
        let told = texts("a = \"\"\"one\ntwo");
        assert_eq!(told, [(0, "one".into(), LineEnd::Unfinished), (1, "two".into(), LineEnd::GoesOn)]);
    }
}

//! The cursor's place in a text: what is open around it, and the word that it stands at.

use std::ops::Range;

use super::lex::{LineEnd, QuotedText, Token, What, lex};
use super::scanner::{Enclosure, NestingLevel, Walker};

/// The cursor's place, with everything that a completion depends on.
#[derive(Debug)]
pub struct CursorContext {
    /// The table or list around the cursor.
    pub level: NestingLevel,
    /// How the word under the cursor is written.
    pub word: QuoteStyle,
    /// The part of the word before the cursor.
    pub prefix: String,
    /// The characters that a candidate stands for.
    pub replace: Range<usize>,
    /// Whether only this word is before the cursor on its line.
    pub leads: bool,
    /// Whether an `=` follows.
    pub equals: bool,
    /// The keys that stand in its table, above and below, but for the one under the cursor.
    pub present: Vec<String>,
    /// The headers of the whole text, but for the one under the cursor.
    pub headers: Vec<Vec<String>>,
}

/// How the word under the cursor is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteStyle {
    /// In a header's brackets, which belong to it.
    Header,
    /// As it is, or not yet at all.
    Bare,
    /// With its quotes, which belong to it.
    Quoted,
}

/// The word under the cursor.
struct CursorWord {
    written: QuoteStyle,
    prefix: String,
    replace: Range<usize>,
}

impl CursorContext {
    /// The place in front of a character of a line, both counted from 0. None where nothing can be completed.
    pub fn find(source: &str, line: usize, column: usize) -> Option<Self> {
        let lines = lex(source);
        let tokens = lines.get(line)?;
        let mut walker = Walker::new();
        for (nth, tokens) in lines[..line].iter().enumerate() {
            pass(&mut walker, nth, tokens);
        }
        walker.line(line, tokens);
        let outside = walker.here().kind == Enclosure::Section;
        let under = tokens.iter().find(|token| stands_at(token, column));
        let before = tokens.iter().take_while(|token| token.chars.end <= column && !stands_at(token, column)).count();
        for token in &tokens[..before] {
            walker.step(line, token);
        }
        let header = outside && matches!(tokens.first().map(|token| &token.what), Some(What::OpenList));
        let level = walker.here().clone();
        for token in &tokens[before..] {
            walker.step(line, token);
        }
        for (nth, tokens) in lines.iter().enumerate().skip(line + 1) {
            pass(&mut walker, nth, tokens);
        }
        let word = if header { header_word(tokens, column)? } else { word(under, column)? };
        let own = (line, under.map_or(column, |token| token.chars.start));
        let seen = walker.keys.iter().filter(|key| key.table == level.table && (key.line, key.from) != own);
        let mut present: Vec<String> = seen.map(|key| key.name.clone()).collect();
        let headers: Vec<Vec<String>> =
            walker.headers.iter().filter(|header| header.line != line).map(|header| header.path.clone()).collect();
        if level.kind == Enclosure::Section {
            let children =
                headers.iter().filter(|path| path.split_last().is_some_and(|(_, above)| above == level.path));
            present.extend(children.filter_map(|path| path.last().cloned()));
        }
        let behind = tokens.iter().find(|token| token.chars.start >= word.replace.end.max(column));
        Some(Self {
            word: word.written,
            leads: before == 0,
            equals: behind.is_some_and(|token| token.what == What::Equals),
            present,
            headers,
            prefix: word.prefix,
            replace: word.replace,
            level,
        })
    }
}

fn pass(walker: &mut Walker, nth: usize, tokens: &[Token]) {
    walker.line(nth, tokens);
    for token in tokens {
        walker.step(nth, token);
    }
}

/// Whether the cursor is in this word or text, or at a word's end.
fn stands_at(token: &Token, column: usize) -> bool {
    let inside = token.chars.start < column && column < token.chars.end;
    match &token.what {
        What::Word(_) | What::Comment => inside || column == token.chars.end,
        What::Text(text) => inside || (column == token.chars.end && text.end != LineEnd::Closed),
        _ => false,
    }
}

fn word(under: Option<&Token>, column: usize) -> Option<CursorWord> {
    let Some(token) = under else {
        return Some(CursorWord { prefix: String::new(), replace: column..column, written: QuoteStyle::Bare });
    };
    let start = token.chars.start;
    match &token.what {
        What::Word(word) => {
            let typed: String = word.chars().take(column - start).collect();
            Some(CursorWord { prefix: typed, replace: token.chars.clone(), written: QuoteStyle::Bare })
        }
        What::Text(text) => text_word(token, text, column),
        _ => None,
    }
}

fn text_word(token: &Token, text: &QuotedText, column: usize) -> Option<CursorWord> {
    let quotes = token.chars.len() - text.inner.chars().count();
    let short = text.begins && quotes == if text.end == LineEnd::Closed { 2 } else { 1 };
    let typed = column.checked_sub(token.chars.start + 1).filter(|_| short)?;
    let prefix = text.inner.chars().take(typed).collect();
    let end = if text.end == LineEnd::Closed {
        token.chars.end
    } else {
        // without its closing quotes a text takes in what was never meant to be in it
        let word = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        column + text.inner.chars().skip(typed).take_while(word).count()
    };
    Some(CursorWord { prefix, replace: token.chars.start..end, written: QuoteStyle::Quoted })
}

/// A header's name as far as it is typed; a candidate stands for the whole header.
fn header_word(tokens: &[Token], column: usize) -> Option<CursorWord> {
    let mut prefix = String::new();
    let mut end = 0;
    for token in tokens {
        match &token.what {
            What::Word(word) => {
                prefix.extend(word.chars().take(column.saturating_sub(token.chars.start)));
                end = token.chars.end;
            }
            What::OpenList | What::CloseList => end = token.chars.end,
            _ => break,
        }
    }
    let start = tokens.first()?.chars.start;
    let closed = |token: &&Token| token.what == What::CloseList && token.chars.end <= column;
    let behind = tokens.iter().find(closed).is_some();
    (start < column && column <= end.max(column) && !behind).then_some(CursorWord {
        prefix,
        replace: start..end.max(column),
        written: QuoteStyle::Header,
    })
}

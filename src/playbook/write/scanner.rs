//! Finds the place of the cursor in a text: in which table, before a key or a value. The text is still being typed, so
//! an unclosed bracket ends where a header, or a key at the start of a line, shows that it should have been closed.

use super::highlight::HighlightClass;
use super::lex::{LineEnd, Token, What, is_bare_key, is_key, is_value, parts};

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A key, or the `=` behind one.
    Key,
    /// The value after a `=` or in a list.
    Value,
    /// A comma, a closing bracket or the line's end.
    After,
}

/// What is open around a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enclosure {
    /// The part of the file below a header, or above the first one.
    Section,
    /// An inline table, `{ … }`.
    Inline,
    /// A list of values, `[ … ]`.
    List,
}

/// One level of what is open around a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NestingLevel {
    /// What it is.
    pub kind: Enclosure,
    /// The keys that lead here from the root; lists count for nothing.
    pub path: Vec<String>,
    /// Which of the tables in the text this is.
    pub table: usize,
    /// What may come next.
    pub turn: Turn,
    /// The key that stands before the cursor, or whose value is due.
    pub key: Vec<String>,
    /// Whether nothing is written between the last comma or bracket and here.
    fresh: bool,
}

/// A key or header before the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenKey {
    /// The table that it belongs to, by number.
    pub table: usize,
    /// The key's first part.
    pub name: String,
    /// The line that it stands on, counted from 0.
    pub line: usize,
    /// The position of its first character in the line.
    pub from: usize,
}

/// A header before the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The line that it stands on, counted from 0.
    pub line: usize,
    /// The keys between its brackets, outermost first.
    pub path: Vec<String>,
}

/// Scans a text, token by token.
#[derive(Debug)]
pub struct Walker {
    levels: Vec<NestingLevel>,
    next_table: usize,
    header: Option<HeaderPart>,
    /// The keys that were passed.
    pub keys: Vec<SeenKey>,
    /// The headers that were passed.
    pub headers: Vec<Header>,
}

/// How far a header was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeaderPart {
    /// Behind so many opening brackets.
    Opening(usize),
    /// At its name, which so many brackets close.
    Name(usize),
    /// Behind its last bracket.
    Done,
}

impl Walker {
    pub fn new() -> Self {
        let root = NestingLevel::new(Enclosure::Section, Vec::new(), 0, Turn::Key);
        Self { levels: vec![root], next_table: 1, header: None, keys: Vec::new(), headers: Vec::new() }
    }

    /// What is open here, innermost.
    pub fn here(&self) -> &NestingLevel {
        self.levels.last().expect("the section is never closed")
    }

    /// Before a line's pieces.
    pub fn line(&mut self, nth: usize, tokens: &[Token]) {
        self.header = None;
        if self.levels.len() > 1 && self.left_open(tokens) {
            self.levels.truncate(1);
        }
        if self.levels.len() > 1 {
            return;
        }
        let goes_on = matches!(tokens.first().map(|token| &token.what), Some(What::Text(text)) if !text.begins);
        if !goes_on {
            let section = self.top();
            (section.turn, section.fresh) = (Turn::Key, true);
            section.key.clear();
        }
        if matches!(tokens.first().map(|token| &token.what), Some(What::OpenList)) {
            self.open_header(nth, tokens);
        }
    }

    /// One piece; gives what it is here.
    pub fn step(&mut self, nth: usize, token: &Token) -> HighlightClass {
        if token.what == What::Comment {
            return HighlightClass::Comment;
        }
        if let Some(part) = self.header {
            let next = part.behind(&token.what);
            self.header = next.or(Some(part));
            return if next.is_some() { HighlightClass::Header } else { HighlightClass::Wrong };
        }
        if let What::Text(text) = &token.what
            && !text.begins
        {
            return HighlightClass::Text;
        }
        match self.here().turn {
            Turn::Key => self.key(nth, token),
            Turn::Value => self.value(token),
            Turn::After => self.after(token),
        }
    }

    /// Whether this line appears to be outside of the open brackets.
    fn left_open(&self, tokens: &[Token]) -> bool {
        let what = |nth: usize| tokens.get(nth).map(|token| &token.what);
        let name = |nth| matches!(what(nth), Some(What::Word(word)) if is_bare_key(word) && !is_value(word));
        match what(0) {
            Some(What::OpenList) => {
                let first = if matches!(what(1), Some(What::OpenList)) { 2 } else { 1 };
                let closed = matches!(what(first + 1), Some(What::CloseList));
                let behind = what(first * 2 + 1).is_none_or(|what| *what == What::Comment);
                name(first) && closed && behind
            }
            Some(What::Word(_)) => {
                let is_key = matches!(what(1), Some(What::Equals)) && name(0);
                is_key && (self.here().kind == Enclosure::List || !self.here().fresh)
            }
            _ => false,
        }
    }

    fn open_header(&mut self, nth: usize, tokens: &[Token]) {
        let mut path = Vec::new();
        for token in tokens {
            match &token.what {
                What::OpenList => {}
                What::Word(word) => path.extend(parts(word)),
                What::Text(text) => path.push(text.inner.clone()),
                _ => break,
            }
        }
        self.header = Some(HeaderPart::Opening(0));
        self.headers.push(Header { line: nth, path: path.clone() });
        self.levels = vec![NestingLevel::new(Enclosure::Section, path, self.next_table, Turn::Key)];
        self.next_table += 1;
    }

    fn key(&mut self, nth: usize, token: &Token) -> HighlightClass {
        let table = self.here().table;
        let level = self.top();
        match &token.what {
            What::Word(_) | What::Text(_) => {
                let (names, good) = match &token.what {
                    What::Word(word) => (parts(word), is_key(word)),
                    What::Text(text) => (vec![text.inner.clone()], text.end == LineEnd::Closed),
                    _ => return HighlightClass::Wrong,
                };
                let first = level.key.is_empty();
                level.key.extend(names);
                level.fresh = false;
                if let (true, Some(name)) = (first, level.key.first()) {
                    let name = name.clone();
                    self.keys.push(SeenKey { table, name, line: nth, from: token.chars.start });
                }
                if good { HighlightClass::Key } else { HighlightClass::Wrong }
            }
            What::Equals if !level.key.is_empty() => {
                level.turn = Turn::Value;
                HighlightClass::Punctuation
            }
            What::CloseTable if level.kind == Enclosure::Inline && level.key.is_empty() => self.close(),
            What::CloseTable if level.kind == Enclosure::Inline => {
                self.close();
                HighlightClass::Wrong
            }
            What::Comma if level.kind == Enclosure::Inline => {
                let lone = level.fresh;
                level.next(Turn::Key);
                if lone || !level.key.is_empty() { HighlightClass::Wrong } else { HighlightClass::Punctuation }
            }
            _ => HighlightClass::Wrong,
        }
    }

    fn value(&mut self, token: &Token) -> HighlightClass {
        let level = self.top();
        let before = level.turn;
        level.turn = Turn::After;
        level.fresh = false;
        let (kind, mut path) = (level.kind, level.path.clone());
        path.extend(level.key.iter().cloned());
        match &token.what {
            What::Word(word) if matches!(word.as_str(), "true" | "false") => HighlightClass::Word,
            What::Word(word) if is_value(word) => HighlightClass::Number,
            What::Text(text) if text.end != LineEnd::Unfinished => HighlightClass::Text,
            What::OpenList => {
                let table = level.table;
                self.levels.push(NestingLevel::new(Enclosure::List, path, table, Turn::Value));
                HighlightClass::Punctuation
            }
            What::OpenTable => {
                self.levels.push(NestingLevel::new(Enclosure::Inline, path, self.next_table, Turn::Key));
                self.next_table += 1;
                HighlightClass::Punctuation
            }
            What::CloseList if kind == Enclosure::List => self.close(),
            What::CloseTable if kind == Enclosure::Inline => {
                self.close();
                HighlightClass::Wrong
            }
            What::Comma => {
                level.next(if kind == Enclosure::Inline { Turn::Key } else { before });
                HighlightClass::Wrong
            }
            _ => HighlightClass::Wrong,
        }
    }

    fn after(&mut self, token: &Token) -> HighlightClass {
        let level = self.top();
        match (&token.what, level.kind) {
            (What::Comma, Enclosure::List) => level.next(Turn::Value),
            (What::Comma, Enclosure::Inline) => level.next(Turn::Key),
            (What::CloseList, Enclosure::List) | (What::CloseTable, Enclosure::Inline) => return self.close(),
            _ => return HighlightClass::Wrong,
        }
        HighlightClass::Punctuation
    }

    fn close(&mut self) -> HighlightClass {
        self.levels.pop();
        self.top().turn = Turn::After;
        HighlightClass::Punctuation
    }

    fn top(&mut self) -> &mut NestingLevel {
        self.levels.last_mut().expect("the section is never closed")
    }
}

impl HeaderPart {
    /// Where a header stands behind this piece; none where the piece does not belong into it.
    fn behind(self, what: &What) -> Option<Self> {
        match (self, what) {
            (Self::Opening(open @ 0..2), What::OpenList) => Some(Self::Opening(open + 1)),
            (Self::Opening(open) | Self::Name(open), What::Word(word)) => is_key(word).then_some(Self::Name(open)),
            (Self::Opening(open) | Self::Name(open), What::Text(_)) => Some(Self::Name(open)),
            (Self::Name(1), What::CloseList) => Some(Self::Done),
            (Self::Name(open), What::CloseList) => Some(Self::Name(open - 1)),
            _ => None,
        }
    }
}

impl NestingLevel {
    fn new(kind: Enclosure, path: Vec<String>, table: usize, turn: Turn) -> Self {
        Self { kind, path, table, turn, key: Vec::new(), fresh: true }
    }

    fn next(&mut self, turn: Turn) {
        self.turn = turn;
        self.fresh = true;
        self.key.clear();
    }
}

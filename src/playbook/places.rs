//! Where in a text everything stands.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step down a tree.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Into a table, to a key's value.
    Key(&'a str),
    /// Into an array; a single value counts as an array of one.
    Item(usize),
}

/// A file's tree with its places.
#[derive(Debug)]
pub struct Places<'t> {
    /// The file, as it was named.
    pub file: &'t str,
    /// Its text.
    pub text: &'t str,
    root: &'t Spanned<DeTable<'t>>,
}

impl<'t> Places<'t> {
    /// Over a tree.
    pub fn new(file: &'t str, text: &'t str, root: &'t Spanned<DeTable<'t>>) -> Self {
        Self { file, text, root }
    }

    /// The place of a value, or of the nearest thing above it that is there.
    pub fn span(&self, path: &[Step<'_>]) -> Range<usize> {
        let mut span = 0..0;
        let mut here: Option<&Spanned<DeValue<'_>>> = None;
        for step in path {
            let next = match (step, here.map(Spanned::get_ref)) {
                (Step::Key(key), None) => entry(self.root.get_ref(), key),
                (Step::Key(key), Some(DeValue::Table(table))) => entry(table, key),
                (Step::Item(at), Some(DeValue::Array(items))) => items.get(*at),
                (Step::Item(0), Some(_)) => here,
                _ => None,
            };
            let Some(found) = next else { break };
            span = found.span();
            here = Some(found);
        }
        first_line(self.text, span)
    }

    /// The place of a key itself.
    pub fn key(&self, key: &str) -> Option<Range<usize>> {
        self.root.get_ref().keys().find(|known| known.get_ref() == key).map(Spanned::span)
    }
}

fn entry<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
    table.iter().find(|(known, _)| known.get_ref() == key).map(|(_, value)| value)
}

/// A table's place spans all its lines; its head is what a reader looks for.
pub fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let end = text.get(span.clone()).and_then(|part| part.find('\n')).map_or(span.end, |newline| span.start + newline);
    span.start..end
}

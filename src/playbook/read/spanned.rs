//! A handle on a value in the spanned tree, which knows its place in the file, so that reading and linting can mark it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A value in the tree, with the key that leads to it.
#[derive(Debug, Clone, Copy)]
pub struct SpannedTable<'t> {
    key: Option<&'t Spanned<DeString<'t>>>,
    value: &'t Spanned<DeValue<'t>>,
}

/// A value that was read, with its place.
#[derive(Debug, Clone)]
pub struct SpannedValue<'t, T> {
    pub value: T,
    pub at: SpannedTable<'t>,
}

impl<'t> SpannedTable<'t> {
    /// The whole file.
    pub fn root(value: &'t Spanned<DeValue<'t>>) -> Self {
        Self { key: None, value }
    }

    pub fn node(self) -> &'t Spanned<DeValue<'t>> {
        self.value
    }

    pub fn value(self) -> &'t DeValue<'t> {
        self.value.get_ref()
    }

    /// The value's own span.
    pub fn span(self) -> Range<usize> {
        self.value.span()
    }

    /// The key's span; the value's where no key leads to it.
    pub fn key_span(self) -> Range<usize> {
        self.key.map_or_else(|| self.span(), Spanned::span)
    }

    /// The span that names a table without drawing all of it: its key, or its header.
    pub fn head(self) -> Range<usize> {
        match self.value() {
            DeValue::Table(_) | DeValue::Array(_) => self.key_span(),
            _ => self.span(),
        }
    }

    pub fn table(self) -> Option<&'t DeTable<'t>> {
        self.value().as_table()
    }

    /// A table's entry.
    pub fn field(self, name: &str) -> Option<SpannedTable<'t>> {
        self.table()?.get_key_value(name).map(|(key, value)| SpannedTable { key: Some(key), value })
    }

    /// An entry's span, or this site's head where there is none.
    pub fn field_span(self, name: &str) -> Range<usize> {
        self.field(name).map_or_else(|| self.head(), SpannedTable::span)
    }

    /// A table's entries, in the order of the file.
    pub fn entries(self) -> Vec<(&'t str, SpannedTable<'t>)> {
        let mut entries: Vec<(&'t str, SpannedTable<'t>)> = self
            .table()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.get_ref().as_ref(), SpannedTable { key: Some(key), value }))
            .collect();
        entries.sort_by_key(|(_, site)| site.key_span().start);
        entries
    }

    /// A list's elements; a value that is no list is its own only element.
    pub fn elements(self) -> Vec<SpannedTable<'t>> {
        match self.value() {
            DeValue::Array(array) => array.iter().map(|value| SpannedTable { key: None, value }).collect(),
            _ => vec![self],
        }
    }

    /// A list's element; this site where there is none.
    #[must_use]
    pub fn element(self, index: usize) -> SpannedTable<'t> {
        self.elements().get(index).copied().unwrap_or(self)
    }

    /// The type of the value, in a reader's words, such as `a table`.
    pub fn type_name(self) -> &'static str {
        match self.value() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}

//! Text that may hold placeholders; what fills them is in [`placeholder`](crate::playbook::placeholder).

use std::fmt;
use std::str::FromStr;

use super::ValueError;

/// One argument that may hold placeholders: `{target}`, `{unit}`, `{mount}`, `{pid}`, `{incident}`.
/// They stand for typed values, are replaced inside this one argument, never split and never expanded again.
/// A literal brace is written twice: `{{`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template(pub String);

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Template {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Ok(Self(text.to_owned()))
    }
}

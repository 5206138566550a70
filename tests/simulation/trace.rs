//! What happened, line by line, for a person who looks for a cause.

use std::collections::VecDeque;
use std::fmt::Arguments;

/// Where lines go.
#[derive(Debug, Default)]
pub enum Trace {
    #[default]
    None,
    /// The last so many are kept.
    Last(VecDeque<String>, usize),
    /// Printed as they come.
    All,
}

impl Trace {
    pub fn last(count: usize) -> Self {
        Self::Last(VecDeque::new(), count)
    }

    pub fn is_on(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub fn line(&mut self, at: u64, line: Arguments) {
        let text = || format!("{:>10}.{:03} {line}", at / 1000, at % 1000);
        match self {
            Self::None => {}
            Self::Last(lines, count) => {
                if lines.len() == *count {
                    lines.pop_front();
                }
                lines.push_back(text());
            }
            Self::All => println!("{}", text()),
        }
    }

    pub fn kept(&self) -> Vec<String> {
        if let Self::Last(lines, _) = self { lines.iter().cloned().collect() } else { Vec::new() }
    }
}

//! A command that was written as one line: which arguments it would be, and whether only a shell understands it.

use std::iter::Peekable;
use std::str::Chars;

use crate::playbook::value::Template;

/// What a line comes to without a shell.
#[derive(Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// One program and its arguments.
    One(Vec<String>),
    /// Several programs, one after the other.
    Several(Vec<Vec<String>>),
    /// Pipes, redirections, variables, globs: only a shell knows what they mean.
    Shell,
}

impl CommandLine {
    /// Splits a line as a shell would, quotes included.
    pub fn of(line: &str) -> Self {
        let mut programs: Vec<Vec<String>> = vec![Vec::new()];
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.peek().copied() {
            match c {
                c if c.is_whitespace() => drop(chars.next()),
                ';' => {
                    chars.next();
                    programs.push(Vec::new());
                }
                '&' => {
                    chars.next();
                    if chars.next() != Some('&') {
                        return Self::Shell;
                    }
                    programs.push(Vec::new());
                }
                _ => match word(&mut chars) {
                    Some(word) => programs.last_mut().into_iter().for_each(|program| program.push(word.clone())),
                    None => return Self::Shell,
                },
            }
        }
        programs.retain(|program| !program.is_empty());
        match programs.len() {
            0 | 1 => Self::One(programs.pop().unwrap_or_default()),
            _ => Self::Several(programs),
        }
    }
}

/// The next word; none where it holds what only a shell understands.
fn word(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut word = String::new();
    while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '&')) {
        match c {
            '\'' => loop {
                match chars.next()? {
                    '\'' => break,
                    inside => word.push(inside),
                }
            },
            '"' => loop {
                match chars.next()? {
                    '"' => break,
                    '$' | '`' => return None,
                    '\\' => word.push(chars.next()?),
                    inside => word.push(inside),
                }
            },
            '\\' => word.push(chars.next()?),
            '|' | '>' | '<' | '$' | '`' | '*' | '?' | '(' | ')' => return None,
            plain => word.push(plain),
        }
    }
    Some(word)
}

/// Arguments as they stand in a file: `["apt-get", "clean"]`. A brace that is no placeholder's is doubled.
pub fn in_brackets(arguments: &[String]) -> String {
    let quoted = arguments.iter().map(|word| {
        let placed = Template(word.clone()).pieces().is_ok();
        let word = if placed { word.clone() } else { word.replace('{', "{{").replace('}', "}}") };
        toml::Value::String(word).to_string()
    });
    format!("[{}]", quoted.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_would_and_what_needs_one_is_told() {
        let words = |line: &[&str]| line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let one = |line: &[&str]| CommandLine::One(words(line));
        assert_eq!(CommandLine::of("apt-get  clean"), one(&["apt-get", "clean"]));
        assert_eq!(CommandLine::of("logger 'it is' \"said \\\"so\\\"\""), one(&["logger", "it is", "said \"so\""]));
        let several = CommandLine::Several(vec![words(&["a", "b"]), words(&["c"])]);
        assert_eq!(CommandLine::of("a b && c"), several);
        assert_eq!(CommandLine::of("a b; c;"), several);
        for line in ["ps aux | grep x", "echo $HOME", "rm *", "a > b", "a & b", "echo 'x", "`a`"] {
            assert_eq!(CommandLine::of(line), CommandLine::Shell, "{line}");
        }
        assert_eq!(in_brackets(&words(&["a\"b", "{x}", "{unit}"])), "['a\"b', \"{{x}}\", \"{unit}\"]");
    }
}

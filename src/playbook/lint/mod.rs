//! What is well-formed and still dangerous, or says nothing.
//!
//! | room | its one job |
//! |---|---|
//! | `target` | one canonical thing, named as the host names it |
//! | `check` | every check looks at something, in the right unit, and can tell |
//! | `action` | no shell, no stray program, no folder outside the allow-list |
//! | `pair` | detector and verifier contradict, or leave a gap in which both hold |
//! | `limits` | deadlines, budgets and times |

mod action;
mod check;
mod limits;
mod pair;
mod target;

use super::Playbook;
use super::diagnostic::{Diagnostic, Rule};
use super::places::{Places, Step};

/// Everything that is wrong with a playbook that was read.
pub fn lint(playbook: &Playbook, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut said = Said { places, diagnostics: Vec::new() };
    target::lint(playbook, &mut said);
    check::lint(playbook, &mut said);
    action::lint(playbook, &mut said);
    pair::lint(playbook, &mut said);
    limits::lint(playbook, &mut said);
    said.diagnostics
}

/// What has been said so far.
struct Said<'p, 't> {
    places: &'p Places<'t>,
    diagnostics: Vec<Diagnostic>,
}

impl Said<'_, '_> {
    fn say(&mut self, rule: Rule, path: &[Step<'_>], message: impl Into<String>, help: impl Into<String>) {
        let span = match path {
            [Step::Key(key)] => self.places.key(key).unwrap_or_default(),
            _ => self.places.span(path),
        };
        let diagnostic = Diagnostic::at(rule, self.places.file, self.places.text, span, message).help(help);
        self.diagnostics.push(diagnostic);
    }
}

//! What the engine makes of what was saved: it reads the file by itself, and only its snapshot says how the playbook
//! stands from then on.

use std::sync::Arc;

use super::EditedFile;
use crate::engine::Snapshot;
use crate::engine::snapshot::{Arming, PlaybookState, PlaybookView};
use crate::playbook::{Mode, Origin};
use crate::text::clean;

/// A text that was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedText {
    /// Where it lies.
    pub subject: EditedFile,
    /// What was written.
    pub text: Arc<str>,
    /// It is to be run, once the engine has read it.
    pub run: bool,
}

impl SavedText {
    /// How it stands, once the engine has read it; the error is what one would not expect after saving.
    #[must_use]
    pub fn stands(&self, snapshot: &Snapshot) -> Option<Result<String, String>> {
        let view = snapshot.playbooks.iter().find(|view| view.name == self.subject.name)?;
        if let Origin::Folder(path) = &view.origin
            && *path != self.subject.path
        {
            return Some(Err(format!("saved, but {} with the same name takes precedence", path.display())));
        }
        (*view.source == *clean(&self.text)).then(|| words(view))
    }
}

fn words(view: &PlaybookView) -> Result<String, String> {
    let said = match &view.state {
        PlaybookState::Rejected { former_in_force: true, .. } => {
            return Err("saved and rejected: the last valid version stays in force".into());
        }
        PlaybookState::Rejected { former_in_force: false, .. } => {
            return Err("saved and rejected: this playbook is not in force".into());
        }
        PlaybookState::InForce { arming: Arming::Shadow, .. } => "saved, in shadow mode: A on its page arms it",
        PlaybookState::InForce { arming: Arming::AsksFirst, .. } => {
            "saved, not armed: the first attempt needs approval; A on its page arms it"
        }
        PlaybookState::InForce { mode: Mode::Off, .. } => "saved with mode off: it does nothing",
        PlaybookState::InForce { mode: Mode::Shadow, .. } => {
            "saved with mode shadow: it records what it would have done"
        }
        PlaybookState::InForce { mode: Mode::Ask, .. } => "saved and in force: every attempt needs approval",
        PlaybookState::InForce { mode: Mode::Auto, .. } => "saved and in force: it acts automatically",
    };
    Ok(said.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::editor::DocumentKind;
    use crate::console::fixture;
    use crate::playbook::Risk;

    fn said(origin: Origin, state: PlaybookState, source: &str) -> Option<Result<String, String>> {
        let name: Arc<str> = "mine".into();
        let view = PlaybookView { name: Arc::clone(&name), origin, state, source: source.into() };
        let mut snapshot = fixture::calm();
        snapshot.playbooks.push(Arc::new(view));
        let subject =
            EditedFile { name, path: "/p/mine.toml".into(), opened: None, begun: "".into(), kind: DocumentKind::File };
        SavedText { subject, text: "a = 1\n".into(), run: false }.stands(&snapshot)
    }

    fn in_force(mode: Mode, arming: Arming) -> PlaybookState {
        PlaybookState::InForce { title: "".into(), risk: Risk::Low, mode, in_force: mode, arming, needs_root: false }
    }

    #[test]
    fn nothing_is_said_before_the_engine_has_read_it() {
        assert_eq!(said(Origin::User("/p/mine.toml".into()), in_force(Mode::Auto, Arming::Armed), "old\n"), None);
    }

    #[test]
    fn saved_is_not_armed() {
        let user = || Origin::User("/p/mine.toml".into());
        let words = said(user(), in_force(Mode::Auto, Arming::AsksFirst), "a = 1\n").unwrap().unwrap();
        assert_eq!(words, "saved, not armed: the first attempt needs approval; A on its page arms it");
        let words = said(user(), in_force(Mode::Auto, Arming::Shadow), "a = 1\n").unwrap().unwrap();
        assert_eq!(words, "saved, in shadow mode: A on its page arms it");
    }

    #[test]
    fn what_one_would_not_expect_is_an_error() {
        let rejected = PlaybookState::Rejected { diagnostics: "".into(), former_in_force: true };
        let words = said(Origin::User("/p/mine.toml".into()), rejected, "a = 1\n").unwrap().unwrap_err();
        assert_eq!(words, "saved and rejected: the last valid version stays in force");
        let other = Origin::Folder("/elsewhere/mine.toml".into());
        let words = said(other, in_force(Mode::Auto, Arming::Armed), "theirs\n").unwrap().unwrap_err();
        assert_eq!(words, "saved, but /elsewhere/mine.toml with the same name takes precedence");
    }
}

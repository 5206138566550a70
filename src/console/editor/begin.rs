//! The way to a new playbook: what can fail, what of this host it is about, its name. Each step can be taken back, and
//! nothing is written before the last one.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;

use super::EditorTask;
use super::act::KeyOutcome;
use crate::console::keys::KeyAction;
use crate::engine::host_queries::target_candidates::Offer;
use crate::playbook::Target;
use crate::playbook::write::{FailureClass, WantedTarget, fill};

/// No name, and no words to look for, need more characters.
const LONGEST: usize = 100;

/// A new playbook that has no text yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// How far it is.
    pub step: BeginStep,
    /// Drafts that wait to be gone on with.
    pub drafts: Vec<DraftSummary>,
    /// What was typed: words to look for, at the end the name.
    pub typed: String,
    /// Which row is chosen.
    pub at: usize,
}

/// A draft in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSummary {
    /// Of which playbook.
    pub name: Arc<str>,
    /// When it was kept last.
    pub at: Timestamp,
}

/// How far a new playbook is.
#[derive(Debug, Clone, PartialEq)]
pub enum BeginStep {
    /// What can fail?
    Class,
    /// Of what? None offered yet while the host is looked at.
    Target { class: FailureClass, offers: Option<Arc<[Offer]>> },
    /// Under which name?
    Name { class: FailureClass, target: Target },
}

/// A row to choose.
#[derive(Debug, Clone, PartialEq)]
pub enum BeginRow {
    /// Go on with a draft.
    Draft(DraftSummary),
    /// What can fail.
    Class(FailureClass),
    /// What it is about, and a word about that.
    Target(Target, String),
}

impl Begin {
    /// At the first step; the drafts are still to be told.
    #[must_use]
    pub fn new() -> Self {
        Self { step: BeginStep::Class, drafts: Vec::new(), typed: String::new(), at: 0 }
    }

    /// What can be chosen: what holds the typed words.
    #[must_use]
    pub fn rows(&self) -> Vec<BeginRow> {
        match &self.step {
            BeginStep::Class => {
                let drafts = self.drafts.iter().filter(|draft| self.holds(&[&draft.name, "draft"]));
                let classes = FailureClass::ALL.into_iter().filter(|class| self.holds(&[class.title(), class.about()]));
                drafts.cloned().map(BeginRow::Draft).chain(classes.map(BeginRow::Class)).collect()
            }
            BeginStep::Target { class, offers } => {
                let offered = offers.iter().flat_map(|offers| offers.iter());
                let fits = offered.filter(|offer| self.holds(&[&offer.target.to_string(), &offer.about]));
                let rows = fits.map(|offer| BeginRow::Target(offer.target.clone(), offer.about.clone()));
                rows.chain(self.typed_target(class.target())).collect()
            }
            BeginStep::Name { .. } => Vec::new(),
        }
    }

    /// What was typed stands for itself, where the host does not offer it.
    fn typed_target(&self, wanted: WantedTarget) -> Option<BeginRow> {
        let target = written(wanted, self.typed.trim())?;
        let offered = match &self.step {
            BeginStep::Target { offers: Some(offers), .. } => offers.iter().any(|offer| offer.target == target),
            _ => false,
        };
        (!offered).then(|| BeginRow::Target(target, "as typed".into()))
    }

    fn holds(&self, texts: &[&str]) -> bool {
        let all = texts.join(" ").to_lowercase();
        self.typed.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }

    /// Does what a key of the table means here; `taken` are the names that playbooks have.
    pub fn act(&mut self, verb: KeyAction, taken: impl Fn(&str) -> bool) -> KeyOutcome {
        let count = self.rows().len().max(1);
        match verb {
            KeyAction::Next => self.at = (self.at + 1) % count,
            KeyAction::Previous => self.at = (self.at + count - 1) % count,
            KeyAction::Submit => return self.submit(taken),
            KeyAction::Back => return self.back(),
            _ => {}
        }
        KeyOutcome::default()
    }

    /// A key that is text.
    pub fn typed(&mut self, key: KeyEvent) {
        let held = key.modifiers.difference(KeyModifiers::SHIFT);
        match (key.code, held) {
            (KeyCode::Char(sign), KeyModifiers::NONE) if self.typed.chars().count() < LONGEST => self.typed.push(sign),
            (KeyCode::Backspace, _) => drop(self.typed.pop()),
            (KeyCode::Char('u' | 'w'), KeyModifiers::CONTROL) => self.typed.clear(),
            _ => return,
        }
        self.at = 0;
    }

    /// Pasted text is words, or a name.
    pub fn pasted(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.typed.chars().count());
        self.typed.extend(crate::text::clean_line(text).chars().take(room));
        self.at = 0;
    }

    /// What the host offers.
    pub fn offered(&mut self, wanted: WantedTarget, offered: Arc<[Offer]>) {
        if let BeginStep::Target { class, offers } = &mut self.step
            && class.target() == wanted
        {
            *offers = Some(offered);
        }
    }

    fn to(&mut self, step: BeginStep, typed: String) {
        *self = Self { step, typed, at: 0, drafts: std::mem::take(&mut self.drafts) };
    }

    fn back(&mut self) -> KeyOutcome {
        match &self.step {
            BeginStep::Class => return KeyOutcome::left([]),
            BeginStep::Target { .. } => self.to(BeginStep::Class, String::new()),
            BeginStep::Name { class, .. } => return self.choose_target(*class, false),
        }
        KeyOutcome::default()
    }

    fn submit(&mut self, taken: impl Fn(&str) -> bool) -> KeyOutcome {
        if let BeginStep::Name { class, target } = &self.step {
            return begin(*class, target, self.typed.trim(), taken);
        }
        match (self.rows().into_iter().nth(self.at), &self.step) {
            (Some(BeginRow::Draft(draft)), _) => return KeyOutcome::ask([EditorTask::Resume { name: draft.name }]),
            (Some(BeginRow::Class(class)), _) => return self.choose_target(class, true),
            (Some(BeginRow::Target(target, _)), BeginStep::Target { class, .. }) => {
                let (class, name) = (*class, suggested(*class, &target));
                self.to(BeginStep::Name { class, target }, name);
            }
            _ => return KeyOutcome::no("no match: Ctrl-U clears the search"),
        }
        KeyOutcome::default()
    }

    /// On to the target; where there is only one, past it.
    fn choose_target(&mut self, class: FailureClass, on: bool) -> KeyOutcome {
        let wanted = class.target();
        if wanted == WantedTarget::Host {
            if on {
                let name = suggested(class, &Target::Host);
                self.to(BeginStep::Name { class, target: Target::Host }, name);
            } else {
                self.to(BeginStep::Class, String::new());
            }
            return KeyOutcome::default();
        }
        self.to(BeginStep::Target { class, offers: None }, String::new());
        KeyOutcome::ask([EditorTask::Offers { wanted }])
    }
}

/// A whole playbook against one target that does nothing of itself. None for what no template is about.
#[must_use]
pub fn one_off(name: &str, target: &Target) -> Option<String> {
    let class = match target {
        Target::Unit(_) => FailureClass::ServiceDown,
        Target::Mount(_) => FailureClass::DiskFull,
        Target::Process(_) => FailureClass::ProcessMissing,
        Target::Host
        | Target::Path(_)
        | Target::Url(_)
        | Target::Address(_)
        | Target::Container(_)
        | Target::Link(_) => return None,
    };
    let filled = fill(class, name, target);
    let lines = filled.lines().map(|line| match line.split_once('=') {
        Some((key, _)) if key.trim() == "mode" => {
            "mode   = \"shadow\" # it never acts automatically: Ctrl-O runs it once, with your approval\n".to_owned()
        }
        _ => format!("{line}\n"),
    });
    Some(lines.collect())
}

/// What a typed name stands for.
fn written(wanted: WantedTarget, name: &str) -> Option<Target> {
    match wanted {
        _ if name.is_empty() || name.contains(char::is_whitespace) => None,
        WantedTarget::Unit if !name.contains('.') => Some(wanted.named(&format!("{name}.service"))),
        WantedTarget::Mount if !name.starts_with('/') => None,
        WantedTarget::Host => None,
        WantedTarget::Unit | WantedTarget::Mount | WantedTarget::Process => Some(wanted.named(name)),
    }
}

/// A name that says what fails of what: `nginx-down`, `var-full`.
fn suggested(class: FailureClass, target: &Target) -> String {
    let word = class.word();
    let name = match target {
        Target::Host => return word.into(),
        Target::Unit(unit) => unit.rsplit_once('.').map_or(&**unit, |(name, _)| name),
        Target::Mount(mount) if **mount == *"/" => "root",
        other => other.name(),
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = name.trim_matches('/').chars().map(plain).take(LONGEST / 2).collect();
    let what = ["service-", "process-", "disk-", "mount-"].into_iter().find_map(|noun| word.strip_prefix(noun));
    format!("{}-{}", name.trim_matches('-'), what.unwrap_or(word))
}

fn begin(class: FailureClass, target: &Target, name: &str, taken: impl Fn(&str) -> bool) -> KeyOutcome {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(plain) {
        return KeyOutcome::no("use only letters, digits, `-`, `_`, `.` and `@` in the name, as in nginx-up");
    }
    if taken(name) {
        return KeyOutcome::no(format!("a playbook named {name} exists: choose another name, or edit it with e"));
    }
    KeyOutcome::ask([EditorTask::Begin { name: name.into(), text: fill(class, name, target).into(), one_off: false }])
}

//! A playbook as far as it could be read, each part with its place. The lint judges a draft, so that a mistake in one
//! part does not hide those in another; only a draft without any error becomes a [`Playbook`].

use std::sync::Arc;

use crate::playbook::action::Action;
use crate::playbook::attachment::Attachment;
use crate::playbook::check::Check;
use crate::playbook::content;
use crate::playbook::model::{
    BreakerLimits, Detect, EnabledWhen, Escalate, Flapping, Mode, Need, Origin, Playbook, Risk, Rung, TargetSpec,
    Verify,
};
use crate::playbook::read::spanned::{SpannedTable, SpannedValue};
use crate::playbook::value::{DayWindow, Period};

/// For a rung that names no `timeout` of its own.
pub const DEFAULT_TIMEOUT: Period = Period::from_secs(5 * 60);
/// The window of a playbook whose ladder is empty: it attempts nothing, so nothing is counted in it.
const IDLE_WINDOW: Period = Period::from_secs(3600);

/// A playbook as far as it could be read.
#[derive(Debug, Clone)]
pub struct Draft<'t> {
    pub title: Option<SpannedValue<'t, String>>,
    pub targets: Vec<SpannedValue<'t, TargetSpec>>,
    /// They stand in `targets`, where globs may.
    pub listed: bool,
    pub risk: Option<SpannedValue<'t, Risk>>,
    pub mode: Option<SpannedValue<'t, Mode>>,
    pub detect: Vec<SpannedValue<'t, Check>>,
    pub hold: Option<SpannedValue<'t, Period>>,
    pub flapping: Option<SpannedValue<'t, Flapping>>,
    pub rungs: Vec<RungDraft<'t>>,
    pub verify: Vec<SpannedValue<'t, Check>>,
    pub within: Option<SpannedValue<'t, Period>>,
    pub soak: Option<SpannedValue<'t, Period>>,
    pub attempts: Option<SpannedValue<'t, u32>>,
    pub window: Option<SpannedValue<'t, Period>>,
    pub to: Vec<SpannedValue<'t, String>>,
    pub attach: Vec<SpannedValue<'t, Attachment>>,
    pub needs: Vec<SpannedValue<'t, Need>>,
    pub only_between: Option<SpannedValue<'t, DayWindow>>,
    pub cooldown: Option<SpannedValue<'t, Period>>,
    pub breaker: Option<SpannedValue<'t, BreakerLimits>>,
    pub skip_if_stopped: Option<SpannedValue<'t, bool>>,
    pub enabled_when: Option<SpannedValue<'t, EnabledWhen>>,
}

/// A rung as far as it could be read.
#[derive(Debug, Clone)]
pub struct RungDraft<'t> {
    pub at: SpannedTable<'t>,
    pub actions: Vec<SpannedValue<'t, Action>>,
    pub timeout: Option<SpannedValue<'t, Period>>,
    pub idempotent: Option<SpannedValue<'t, bool>>,
}

impl Draft<'_> {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self {
            title: None,
            targets: Vec::new(),
            listed: false,
            risk: None,
            mode: None,
            detect: Vec::new(),
            hold: None,
            flapping: None,
            rungs: Vec::new(),
            verify: Vec::new(),
            within: None,
            soak: None,
            attempts: None,
            window: None,
            to: Vec::new(),
            attach: Vec::new(),
            needs: Vec::new(),
            only_between: None,
            cooldown: None,
            breaker: None,
            skip_if_stopped: None,
            enabled_when: None,
        }
    }

    /// The playbook; `None` where a part that must be there is not, which the reader has told.
    pub fn finish(self, name: &str, origin: Origin, text: &str) -> Option<Playbook> {
        let remediate: Vec<Arc<Rung>> = self.rungs.into_iter().map(|rung| Arc::new(rung.finish())).collect();
        let idle = remediate.is_empty();
        let attempts = value(self.attempts).or(idle.then_some(1))?;
        let window = value(self.window).or(idle.then_some(IDLE_WINDOW))?;
        let mut playbook = Playbook {
            name: name.into(),
            content: content::pending(),
            origin,
            source: text.into(),
            title: value(self.title)?.into(),
            targets: values(self.targets),
            risk: value(self.risk)?,
            mode: value(self.mode)?,
            detect: Detect {
                checks: values(self.detect),
                hold: value(self.hold).unwrap_or_default(),
                flapping: value(self.flapping).unwrap_or_default(),
            },
            remediate,
            verify: Verify {
                checks: values(self.verify),
                within: value(self.within)?,
                soak: value(self.soak).unwrap_or_default(),
            },
            escalate: Escalate { attempts, window, to: values(self.to), attach: values(self.attach) },
            needs: values(self.needs),
            only_between: value(self.only_between),
            cooldown: value(self.cooldown),
            breaker: value(self.breaker).unwrap_or_default(),
            skip_if_stopped_by_operator: value(self.skip_if_stopped).unwrap_or(true),
            enabled_when: value(self.enabled_when),
        };
        // over what is written: a later version of salve that knows more dangers changes no key
        playbook.content = content::key(&playbook)?;
        let actions = playbook.remediate.iter().flat_map(|rung| &rung.actions);
        let found = actions.filter_map(|action| Some(action.hazard()?.risk)).max();
        playbook.risk = playbook.risk.max(found.unwrap_or(Risk::Low));
        Some(playbook)
    }
}

impl RungDraft<'_> {
    fn finish(self) -> Rung {
        Rung {
            actions: values(self.actions),
            timeout: value(self.timeout).unwrap_or(DEFAULT_TIMEOUT),
            idempotent: value(self.idempotent).unwrap_or(false),
        }
    }
}

fn value<T>(placed: Option<SpannedValue<'_, T>>) -> Option<T> {
    placed.map(|placed| placed.value)
}

fn values<T>(placed: Vec<SpannedValue<'_, T>>) -> Vec<T> {
    placed.into_iter().map(|placed| placed.value).collect()
}

//! A playbook run by hand: the plan is made and shown before anybody can say yes to it.

use std::sync::Arc;

use super::{Form, FormPurpose};
use crate::console::canvas::line::Line;
use crate::console::keys::guard::Guard;
use crate::console::theme::Role;
use crate::core::Key;
use crate::engine::Snapshot;
use crate::engine::snapshot::IncidentStage;
use crate::engine::standalone::dry_run::Rehearsal;

/// What a look at the host came to.
pub type DryRunResult = Result<Vec<Rehearsal>, Arc<str>>;

/// The plan of a run by hand.
#[derive(Debug, Clone, PartialEq)]
pub enum Preview {
    /// It is being made: of the first rung only, or of all where others come first.
    Awaited { first_only: bool },
    /// What would be done, or why no plan can be made: the engine will say the same.
    Shown { plan: Vec<Line> },
}

impl Form {
    /// The next rung, now.
    #[must_use]
    pub fn run_now(snapshot: &Snapshot, playbook: &str, key: &Key) -> Self {
        let open = |view: &&Arc<crate::engine::snapshot::IncidentView>| {
            view.key == *key && !matches!(view.stage, IncidentStage::Closed { .. })
        };
        let tried = snapshot.incidents.iter().find(open).map_or(0, |view| view.attempts);
        let first = match tried {
            0 => format!("Opens an incident manually and runs the first rung of {playbook} on {}.", key.target),
            1 => format!("Runs the next rung of {playbook} on {}; one attempt was made.", key.target),
            many => format!("Runs the next rung of {playbook} on {}; {many} attempts were made.", key.target),
        };
        let about = vec![
            Line::plain(first),
            Line::plain("All safety rules apply except the mode: pauses, snoozes, the breaker, locks and approvals."),
        ];
        let form = Self::new(format!("Run {playbook} now?"), about, vec![], FormPurpose::RunNow(key.clone()));
        Self { preview: Some(Preview::Awaited { first_only: tried == 0 }), ..form }
    }

    /// The plan has been made, if this form waits for it.
    pub fn looked(&mut self, key: &Key, looked: &DryRunResult) {
        if let (FormPurpose::RunNow(mine), Some(Preview::Awaited { first_only })) = (&self.purpose, &self.preview)
            && mine == key
        {
            let plan = plan(key, looked, if *first_only { 1 } else { usize::MAX });
            self.preview = Some(Preview::Shown { plan });
            // a yes that comes together with the plan was not meant for it
            self.guard = Guard::default();
        }
    }
}

/// The plan of so many rungs.
fn plan(key: &Key, looked: &DryRunResult, rungs_shown: usize) -> Vec<Line> {
    let rehearsals = match looked {
        Ok(rehearsals) => rehearsals,
        Err(why) => return vec![Line::new().with(Role::Unknown, format!("No plan can be shown: {why}"))],
    };
    let here = rehearsals.iter().find_map(|rehearsal| match rehearsal {
        Rehearsal::Here { target, rungs, .. } if *target == key.target => Some(rungs),
        _ => None,
    });
    let Some(rungs) = here else {
        return vec![Line::new().with(Role::Unknown, "No plan can be shown: the target is missing now.")];
    };
    let mut lines = Vec::new();
    for (index, rung) in rungs.iter().enumerate().take(rungs_shown) {
        let label = Line::new().dim(format!("rung {}  ", index + 1));
        let (_, steps) = match rung {
            Ok(planned) => planned,
            Err(why) => {
                lines.push(label.with(Role::Broken, format!("no plan: {why}")).hanging(8));
                continue;
            }
        };
        for (number, step) in steps.iter().enumerate() {
            let label = if number == 0 { label.clone() } else { Line::new().dim("   then ") };
            lines.push(label.with(Role::Title, &step.sentence).hanging(8));
            lines.extend(step.found.iter().take(3).map(|found| Line::new().dim(format!("        {found}")).hanging(8)));
        }
    }
    if lines.is_empty() {
        lines.push(Line::new().with(Role::Broken, "It has no remediation, so nothing can run."));
    }
    lines
}

//! Scripted incidents, crashed at every boundary: before each list of records is durable, after it, and after each
//! effect; with a restart of the engine, and with a reboot of the host.

use salve::playbook::{Mode, Playbook};

use crate::engine::Engine;
use crate::fault::Faults;
use crate::ledger::Judged;
use crate::people::People;
use crate::shelf::{Shelf, plain, rung};
use crate::trace::Trace;
use crate::world::{Happening, MINUTE, SECOND, World, guarded};

/// One incident's course.
pub struct Script {
    pub name: &'static str,
    /// The rung that mends it, if one does.
    mended_by: Option<usize>,
    /// It breaks again so long after it first broke.
    again: Option<u64>,
    alter: fn(&mut Playbook),
}

pub const SCRIPTS: &[Script] = &[
    Script { name: "a_first_rung_that_heals", mended_by: Some(0), again: None, alter: |_| {} },
    Script { name: "a_second_rung_that_heals", mended_by: Some(1), again: None, alter: |_| {} },
    Script {
        name: "an_idempotent_ladder",
        mended_by: Some(1),
        again: None,
        alter: |it| it.remediate = vec![rung(20, true), rung(20, true)],
    },
    Script { name: "a_spent_ladder", mended_by: None, again: None, alter: |_| {} },
    Script { name: "an_approval", mended_by: Some(0), again: None, alter: |it| it.mode = Mode::Ask },
    Script { name: "an_opening_breaker", mended_by: None, again: None, alter: |it| it.escalate.attempts = 1 },
    Script { name: "a_relapse", mended_by: Some(0), again: Some(5 * MINUTE), alter: |_| {} },
    Script { name: "no_remediation", mended_by: None, again: None, alter: |it| it.remediate.clear() },
    Script { name: "a_shadow", mended_by: None, again: None, alter: |it| it.mode = Mode::Shadow },
];

/// Crashes at each boundary in turn; gives how many there were.
pub fn every_boundary(script: &Script) -> Result<u64, String> {
    let quiet = course(script, None, false, Trace::None).map_err(|(text, _)| format!("{}: {text}", script.name))?;
    let mut points = 0;
    for boundary in 1..=quiet {
        for reboot in [false, true] {
            let crashed = course(script, Some(boundary), reboot, Trace::None);
            if crashed.is_err() {
                let again = course(script, Some(boundary), reboot, Trace::last(80));
                let (text, lines) = again.err().unwrap_or_default();
                let what = if reboot { "reboot" } else { "crash" };
                let lines = lines.join("\n");
                return Err(format!("{}: {what} at boundary {boundary}: {text}\n{lines}", script.name));
            }
            points += 1;
        }
    }
    Ok(points)
}

/// Gives the number of boundaries that were passed.
fn course(script: &Script, crash_at: Option<u64>, reboots: bool, trace: Trace) -> Result<u64, (String, Vec<String>)> {
    let mut playbook = plain(0, 0);
    (script.alter)(&mut playbook);
    let mut world = World::new(1, Shelf::one(playbook), Faults::none());
    world.people = People::willing();
    world.engine = Engine { crash_at, reboots, ..Engine::default() };
    world.trace = trace;
    let result = guarded(|| play(script, &mut world));
    let told = |violation: crate::ledger::Violation| format!("{}: {}", violation.invariant, violation.text);
    result.map_err(|violation| (told(violation), world.trace.kept()))?;
    let opened = world.ledger.books.incidents.len();
    if opened == 0 {
        return Err(("no incident was opened".to_owned(), world.trace.kept()));
    }
    Ok(world.engine.boundary)
}

fn play(script: &Script, world: &mut World) -> Judged {
    world.later(0, Happening::Restart);
    world.run_until(world.t + 20 * MINUTE)?;
    let times = 1 + u64::from(script.again.is_some());
    for _ in 0..times {
        world.host.break_(0, world.t, script.mended_by, true);
        world.changed(0);
        world.run_until(world.t + script.again.unwrap_or(30 * MINUTE))?;
        // Long enough for every restart; the last few seconds are not rushed.
        world.run_until(world.t + 10 * SECOND)?;
    }
    world.end_well()
}

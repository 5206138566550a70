//! Scripted incidents, crashed at every boundary: at each call of a port, before the journal writes, and after it has
//! written and not yet answered; with a restart of the engine, with a reboot of the host, and once more while the engine
//! recovers; under all circumstances that make the driver take another way.

use std::sync::atomic::{AtomicU64, Ordering};

use salve::playbook::{Mode, Playbook};

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

/// What goes on while a script's incident is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Circumstance {
    Quiet,
    /// Each write takes its time.
    SlowJournal,
    /// Nothing can be written for a while.
    FailingJournal,
    /// The playbooks are read again.
    Reload,
    /// The engine is told to stop, and is started again.
    WindDown,
}

const CIRCUMSTANCES: [Circumstance; 5] = [
    Circumstance::Quiet,
    Circumstance::SlowJournal,
    Circumstance::FailingJournal,
    Circumstance::Reload,
    Circumstance::WindDown,
];

/// One way through a script.
#[derive(Debug, Clone, Copy)]
struct Course {
    circumstance: Circumstance,
    /// The boundary to crash at; none is the course of which the others are variations.
    crash_at: Option<u64>,
    /// It crashes again so many boundaries later, while it recovers.
    again_after: Option<u64>,
    /// Each crash is one of the whole host.
    reboots: bool,
}

/// The whole run of the tests must have passed so many crash points, at least.
pub const LEAST_POINTS: u64 = 10_000;

static POINTS: AtomicU64 = AtomicU64::new(0);

/// Crash points that this process has passed so far.
pub fn points() -> u64 {
    POINTS.load(Ordering::Relaxed)
}

/// Crashes at each boundary in turn, under all circumstances; gives how many points that were.
pub fn every_boundary(script: &Script) -> Result<u64, String> {
    let mut points = 0;
    for circumstance in CIRCUMSTANCES {
        let undisturbed = Course { circumstance, crash_at: None, again_after: None, reboots: false };
        let last = run(script, undisturbed)?;
        for boundary in 1..=last {
            for (again_after, reboots) in [(None, false), (None, true), (Some(1), false), (Some(5), true)] {
                let crash_at = Some(boundary);
                run(script, Course { crash_at, again_after, reboots, ..undisturbed })?;
                points += 1;
            }
        }
    }
    POINTS.fetch_add(points, Ordering::Relaxed);
    Ok(points)
}

/// Gives the number of boundaries that were passed; tells how it came to a violation, if there was one.
fn run(script: &Script, course: Course) -> Result<u64, String> {
    follow(script, course, Trace::None).map_err(|_| {
        let (text, lines) = follow(script, course, Trace::last(80)).err().unwrap_or_default();
        format!("{}: {course:?}: {text}\n{}", script.name, lines.join("\n"))
    })
}

fn follow(script: &Script, course: Course, trace: Trace) -> Result<u64, (String, Vec<String>)> {
    let mut playbook = plain(0, 0);
    (script.alter)(&mut playbook);
    let mut world = World::new(1, Shelf::one(playbook), Faults::none());
    world.people = People::willing();
    world.engine.reboots = course.reboots;
    {
        let mut wire = world.engine.wire.borrow_mut();
        let again = course.crash_at.zip(course.again_after).map(|(first, after)| first + after);
        wire.crash_at.extend(course.crash_at.into_iter().chain(again));
        wire.slow = course.circumstance == Circumstance::SlowJournal;
    }
    world.trace = trace;
    let result = guarded(|| play(script, course.circumstance, &mut world));
    let told = |violation: crate::ledger::Violation| format!("{}: {}", violation.invariant, violation.text);
    result.map_err(|violation| (told(violation), world.traced()))?;
    let opened = world.ledger.books.incidents.len();
    if opened == 0 {
        return Err(("no incident was opened".to_owned(), world.traced()));
    }
    let boundary = world.engine.wire.borrow().boundary;
    Ok(boundary)
}

/// Lets come what the circumstance brings, counted from the moment at which the target breaks.
fn befall(circumstance: Circumstance, world: &mut World) {
    match circumstance {
        Circumstance::Quiet | Circumstance::SlowJournal => {}
        Circumstance::FailingJournal => world.later(4 * SECOND, Happening::JournalFails { length: 20 * SECOND }),
        Circumstance::Reload => {
            world.later(7 * SECOND, Happening::Reload { anyway: true });
            world.later(20 * SECOND, Happening::Reload { anyway: true });
        }
        Circumstance::WindDown => world.later(6 * SECOND, Happening::WindDown),
    }
}

fn play(script: &Script, circumstance: Circumstance, world: &mut World) -> Judged {
    world.later(0, Happening::Restart);
    world.run_until(world.t + 20 * MINUTE)?;
    let times = 1 + u64::from(script.again.is_some());
    for _ in 0..times {
        world.host.break_(0, world.t, script.mended_by, true);
        world.changed(0);
        befall(circumstance, world);
        world.run_until(world.t + script.again.unwrap_or(30 * MINUTE))?;
        // Long enough for every restart; the last few seconds are not rushed.
        world.run_until(world.t + 10 * SECOND)?;
    }
    world.end_well()
}

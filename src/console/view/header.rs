//! Line 1: is anything broken, is it being fixed, does it need me? Always in words and counts, at every width.

mod past;

use crate::console::canvas::line::{Line, width};
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::content::rows::{self, RowCounts};
use crate::console::content::suppressions::{self, Suppression};
use crate::console::model::Model;
use crate::console::options::EngineAt;
use crate::console::theme::Role;
use crate::core::Scope;
use crate::engine::snapshot::PlaybookState;
use crate::playbook::Mode;

/// Draws line 1 over the whole width: the state in words and counts, or the moment that is looked back at.
pub fn draw(canvas: &mut Canvas<'_>, room: u16, model: &Model, world: &ViewContext<'_>) {
    let (state, rest) = match (model.replayed(), &model.rewind) {
        (Some(shown), Some(rewind)) => past::fitted(usize::from(room), shown, rewind, world),
        (_, Some(rewind)) => past::asked(usize::from(room), rewind, model, world),
        _ => fitted(usize::from(room), model, world),
    };
    canvas.line(0, 0, room, &state);
    canvas.line(room.saturating_sub(columns(rest.width())), 0, room, &rest);
}

/// The whole of it as bare text.
#[must_use]
pub fn headline(world: &ViewContext<'_>) -> String {
    said(&state(world), "  ").bare().trim().to_owned()
}

/// One thing that is to be said.
#[derive(Debug, Clone)]
struct HeaderSegment {
    role: Role,
    words: String,
    /// How many of them there are, where it is folded into a number.
    count: usize,
    /// Whoever is woken up by it has to act, or nobody does: it goes last.
    presses: bool,
}

impl HeaderSegment {
    fn new(role: Role, words: String, count: usize) -> Self {
        Self { role, words, count, presses: matches!(role, Role::Stale | Role::Broken | Role::Asked) }
    }

    fn counted(role: Role, count: usize, word: &str) -> Self {
        Self::new(role, format!("{count} {word}"), count)
    }
}

/// The form that says most. First what does not press is folded into a number, so that host and clock stay where they
/// always are; then the right side gives way, then the words on the left.
fn fitted(room: usize, model: &Model, world: &ViewContext<'_>) -> (Line, Line) {
    let parts = state(world);
    let folded = [folded(&parts, "  ", " more"), folded(&parts, " ", "")];
    let whole = [said(&parts, "  "), said(&parts, " ")];
    let pressing = most_pressing(&parts);
    let last = [first_and_rest(pressing, &parts), said(std::slice::from_ref(pressing), "")];
    let (broad, narrow) = right_sides(model, world);
    let (all, less) = broad.split_at(2);
    let wide = pairs(all, &whole).chain(pairs(all, &folded)).chain(pairs(less, &whole)).chain(pairs(less, &folded));
    // a pause is the last to go
    let narrow = &narrow[..if narrow[1].width() > 0 { 2 } else { 3 }];
    let tight = folded.iter().chain(&last).flat_map(|left| narrow.iter().map(move |right| (left, right)));
    let nothing = Line::new();
    let fits = |(left, right): &(&Line, &Line)| {
        let right = right.width();
        left.width() + right + usize::from(right > 0) <= room
    };
    let (left, right) = wide.chain(tight).find(fits).unwrap_or((&last[1], &nothing));
    (left.clone(), right.clone())
}

/// Every left side with each right side, the longest right side first.
fn pairs<'l>(right: &'l [Line], left: &'l [Line]) -> impl Iterator<Item = (&'l Line, &'l Line)> {
    right.iter().flat_map(move |right| left.iter().map(move |left| (left, right)))
}

/// How things stand, most pressing alarm of the engine itself first.
fn state(world: &ViewContext<'_>) -> Vec<HeaderSegment> {
    let snapshot = world.snapshot;
    let counts = rows::counts(snapshot);
    let mut parts = Vec::new();
    if snapshot.unwatched {
        parts.push(HeaderSegment::new(Role::Stale, "NO ENGINE: NOT WATCHED".into(), 1));
    }
    if world.stale() {
        parts.push(HeaderSegment::new(Role::Stale, format!("STALE {}", format::age(world.age)), 1));
    }
    if snapshot.recording.is_err() {
        parts.push(HeaderSegment::new(Role::Stale, "NOT RECORDING: NO ACTIONS".into(), 1));
    }
    if snapshot.systemd_silent.is_some() {
        parts.push(HeaderSegment::new(Role::Stale, "SYSTEMD DOES NOT ANSWER".into(), 1));
    }
    let fixing = HeaderSegment { presses: true, ..HeaderSegment::counted(Role::Fixing, counts.fixing, "FIXING") };
    let alarms = [
        HeaderSegment::counted(Role::Broken, counts.broken, "FIRING"),
        fixing,
        HeaderSegment::counted(Role::Asked, counts.asks, if counts.asks == 1 { "NEEDS ACTION" } else { "NEED ACTION" }),
        HeaderSegment::counted(Role::Fixing, counts.pending, "PENDING"),
        HeaderSegment::counted(Role::Unknown, counts.unknown, "UNKNOWN"),
        HeaderSegment::counted(Role::Unknown, counts.waiting, "STARTING"),
    ];
    parts.extend(alarms.into_iter().filter(|part| part.count > 0));
    if parts.is_empty() {
        let (role, words) = calm(counts, snapshot.detectors.is_empty(), snapshot.playbooks.is_empty());
        parts.push(HeaderSegment::new(role, words, 0));
    }
    let rejected =
        snapshot.playbooks.iter().filter(|book| matches!(book.state, PlaybookState::Rejected { .. })).count();
    if rejected > 0 {
        parts.push(HeaderSegment::counted(Role::Unknown, rejected, "REJECTED"));
    }
    parts
}

/// Nothing presses: is that because all is well, or because nothing is looked at?
fn calm(counts: RowCounts, no_rows: bool, no_playbooks: bool) -> (Role, String) {
    match (counts.ok, no_rows, no_playbooks) {
        (1.., ..) => (Role::Ok, "ALL WELL".into()),
        (_, true, true) => (Role::Unknown, "STARTING".into()),
        (_, true, false) => (Role::Unknown, "NOTHING WATCHED".into()),
        (_, false, _) => (Role::Unknown, "NO MATCHING TARGETS".into()),
    }
}

fn said(parts: &[HeaderSegment], gap: &str) -> Line {
    parts.iter().enumerate().fold(Line::new().text(if gap.len() > 1 { " " } else { "" }), |line, (index, part)| {
        let line = if index > 0 { line.text(gap) } else { line };
        line.with(part.role, &part.words)
    })
}

/// What presses, and how many other things there are.
fn folded(parts: &[HeaderSegment], gap: &str, more: &str) -> Line {
    let kept: Vec<HeaderSegment> =
        parts.iter().enumerate().filter(|(i, p)| *i == 0 || p.presses).map(|(_, p)| p.clone()).collect();
    let line = said(&kept, gap);
    let rest = total(parts).saturating_sub(total(&kept));
    if rest > 0 { line.text(gap).text(format!("+{rest}{more}")) } else { line }
}

fn total(parts: &[HeaderSegment]) -> usize {
    parts.iter().map(|part| part.count).sum()
}

/// What has to be said where there is room for nothing else.
fn most_pressing(parts: &[HeaderSegment]) -> &HeaderSegment {
    let rank = |role: Role| match role {
        Role::Stale => 0,
        Role::Asked => 1,
        Role::Broken => 2,
        _ => 3,
    };
    parts.iter().min_by_key(|part| rank(part.role)).expect("something is always to be said")
}

/// The most pressing one, and how many other things there are.
fn first_and_rest(first: &HeaderSegment, parts: &[HeaderSegment]) -> Line {
    let line = said(std::slice::from_ref(first), "");
    let rest = total(parts).saturating_sub(first.count);
    if rest > 0 { line.text(format!(" +{rest}")) } else { line }
}

/// From the longest to the shortest, those with the age of the data first.
fn right_sides(model: &Model, world: &ViewContext<'_>) -> ([Line; 4], [Line; 3]) {
    let host = match &model.engine {
        EngineAt::Embedded => world.snapshot.host.to_string(),
        EngineAt::Daemon if world.snapshot.unwatched => world.snapshot.host.to_string(),
        EngineAt::Daemon => format!("{} attached", world.snapshot.host),
        EngineAt::Far(_) => format!("{} by ssh", world.snapshot.host),
    };
    let fresh = if world.stale() || world.snapshot.unwatched { String::new() } else { format!("live {}", age(world)) };
    let clock = format::clock(world.wall, world.zone);
    let Acting { role, full, brief, shortest } = acting(world);
    let join = |parts: &[(Role, &str)]| {
        let line = parts.iter().filter(|(_, text)| !text.is_empty()).fold(Line::new(), |line, (role, text)| {
            let line = if width(&line.bare()) > 0 { line.text("  ") } else { line };
            line.with(*role, text)
        });
        line.text(" ")
    };
    let (full, brief) = ((role, full.as_str()), (role, brief.as_str()));
    let broad = [
        join(&[(Role::Title, &host), (Role::Dim, &fresh), full, (Role::Text, &clock)]),
        join(&[(Role::Title, &host), (Role::Dim, &fresh), brief, (Role::Text, &clock)]),
        join(&[(Role::Dim, &fresh), brief, (Role::Text, &clock)]),
        join(&[(Role::Dim, &fresh), brief]),
    ];
    (broad, [join(&[brief]), Line::new().with(role, shortest), Line::new()])
}

/// The age of the data in whole seconds; a sign of progress comes every second, so the first one is no news.
fn age(world: &ViewContext<'_>) -> String {
    format!("{}s", world.age.saturating_sub(std::time::Duration::from_millis(500)).as_secs() + 1)
}

/// What may act on this host, in three lengths.
struct Acting {
    role: Role,
    /// Everything, where there is room for it.
    full: String,
    /// The most important part of it.
    brief: String,
    /// A word or two for narrow screens; empty where the left side says enough.
    shortest: &'static str,
}

impl Acting {
    fn same(role: Role, words: String, shortest: &'static str) -> Self {
        Self { role, full: words.clone(), brief: words, shortest }
    }
}

/// What may act on this host: the pause in force and who set it, else the playbooks by their mode, and maintenance
/// that begins soon.
fn acting(world: &ViewContext<'_>) -> Acting {
    if let Some(held) = suppressions::pausing(world.snapshot) {
        let what = match held.scope() {
            Some(Scope::Playbook(name)) => format!(" {name}"),
            _ => String::new(),
        };
        let (name, until, by) = match held {
            Suppression::Pause(pause) => ("PAUSED", pause.until, &pause.by),
            Suppression::Maintenance(window) => ("MAINTENANCE", window.until, &window.by),
            Suppression::Snooze(snooze) => ("SNOOZED", Some(snooze.until), &snooze.by),
        };
        let length = until.map_or_else(String::new, |until| format!(" {}", format::age(until.since(world.mono))));
        return Acting::same(Role::Paused, format!("{name}{what}{length} by {}", format::who(by)), "PAUSED");
    }
    // line 1 says that nothing acts
    if world.snapshot.recording.is_err() || world.snapshot.unwatched {
        return Acting::same(Role::Text, String::new(), "");
    }
    let modes = modes(world);
    let Some((_, ahead)) = suppressions::coming(world) else { return modes };
    // rounded up: it has not begun
    let ahead = format::age(std::time::Duration::from_secs(ahead.as_secs().div_ceil(60) * 60));
    let gap = if modes.brief.is_empty() { "" } else { ", " };
    Acting::same(Role::Asked, format!("{}{gap}maintenance in {ahead}", modes.brief), "MAINT SOON")
}

/// How many of the playbooks that watch something are in which mode: `auto 2 · ask 1 · shadow 23`, briefly `auto 2`.
fn modes(world: &ViewContext<'_>) -> Acting {
    let counts = rows::modes(world.snapshot);
    let words: Vec<String> = counts.iter().map(|(mode, count)| format!("{} {count}", mode.word())).collect();
    let acts = counts.first().is_none_or(|(mode, _)| matches!(mode, Mode::Auto | Mode::Ask));
    let separator = if world.look.glyphs.ascii { ", " } else { " · " };
    Acting {
        role: if acts { Role::Text } else { Role::Unknown },
        full: words.join(separator),
        brief: words.first().cloned().unwrap_or_default(),
        shortest: "",
    }
}

//! What arming a playbook means on this host: what it will run, and on what.

use std::sync::Arc;

use crate::console::canvas::line::Line;
use crate::console::theme::Role;
use crate::engine::Snapshot;

/// Targets that are named; the rest is counted.
const NAMED: usize = 4;

/// What a playbook runs when it fires, rung by rung as its file says it, and on which targets.
pub fn what_runs(snapshot: &Snapshot, playbook: &Arc<str>) -> Vec<Line> {
    let source = snapshot.playbooks.iter().find(|view| view.name == *playbook).map_or("", |view| &view.source);
    let rungs = rungs(source);
    let mut lines = vec![Line::new()];
    if rungs.is_empty() {
        lines.push(Line::plain("It runs nothing and sends a page."));
    } else {
        lines.push(Line::title("When it fires, it runs"));
    }
    lines.extend(
        rungs
            .into_iter()
            .enumerate()
            .map(|(number, actions)| Line::new().dim(format!("rung {}  ", number + 1)).text(actions).hanging(8)),
    );
    let rows = || snapshot.detectors.iter().filter(|row| row.playbook == *playbook && row.key.is_some());
    let named: Vec<&str> = rows().take(NAMED).map(|row| &*row.target).collect();
    let more = rows().count().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let on = if named.is_empty() { "no target on this host now".to_owned() } else { named.join(", ") };
    lines.push(Line::new().dim("on      ").text(format!("{on}{more}")).hanging(8));
    lines
}

/// The actions of each rung, as they are written.
fn rungs(source: &str) -> Vec<String> {
    let Ok(file) = source.parse::<toml::Table>() else { return Vec::new() };
    let rungs = file.get("remediate").and_then(toml::Value::as_array).into_iter().flatten();
    rungs
        .filter_map(|rung| rung.get("do").and_then(toml::Value::as_array))
        .map(|actions| actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then "))
        .collect()
}

/// Of an engine that runs as an ordinary user.
pub fn powerless() -> Line {
    Line::new().with(
        Role::Asked,
        "salve does not run as root: actions on services and most files of this host need root and will fail.",
    )
}

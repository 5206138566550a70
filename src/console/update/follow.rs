//! A new snapshot: cursors go with their items, and what is new is announced once.

use std::collections::BTreeSet;

use super::super::model::{Model, OpenPage, StatusMessage};
use super::author;
use crate::console::content::context::ViewContext;
use crate::console::content::{filtered_list, format, rows, success};
use crate::console::model::effect::ConsoleEffect;
use crate::engine::Snapshot;

/// Takes every cursor to where its item stands now.
pub fn follow(model: &mut Model, snapshot: &Snapshot) {
    model.main.follow(snapshot);
    for page in &mut model.pages {
        match page {
            OpenPage::List { kind, cursor } => cursor.follow(&filtered_list::ids(*kind, &model.list_filter, snapshot)),
            OpenPage::Approval(review) => {
                review.follow(rows::incident(snapshot, review.incident).map(AsRef::as_ref));
            }
            OpenPage::Success { cursor, span } => cursor.follow(&success::ids(snapshot, *span)),
            OpenPage::Author(_)
            | OpenPage::Begin(_)
            | OpenPage::Trial { .. }
            | OpenPage::Incident { .. }
            | OpenPage::Playbook { .. }
            | OpenPage::Text { .. } => {}
        }
    }
}

/// Follows what moved, and announces new requests once. Who looks at the past is only told that something waits.
pub fn followed(model: &mut Model, world: &ViewContext<'_>) -> Vec<ConsoleEffect> {
    if model.replayed().is_none() {
        follow(model, world.snapshot);
        announce(model, world);
    }
    let requests = rows::requests(world.snapshot);
    let asked: BTreeSet<_> = requests.iter().map(|(incident, request)| (incident.id, request.generation)).collect();
    if let Some(rewind) = &mut model.rewind {
        rewind.waiting = asked.len();
    }
    // whoever has just opened the console sees what waits; the bell is for what comes later
    let followed_up = author::followed(model, world);
    let known = model.announced.replace(asked.clone()).unwrap_or(asked);
    let new: Vec<_> =
        requests.iter().filter(|(incident, request)| !known.contains(&(incident.id, request.generation))).collect();
    let what = match &new[..] {
        [] => return followed_up,
        [(incident, _)] => {
            let target = format::target(&incident.key.target.to_string());
            format!("{} {target} awaits approval: {}", incident.id, incident.playbook)
        }
        several => format!("{} requests await approval", several.len()),
    };
    let notice = format!("{}: {what}", world.snapshot.host);
    [followed_up, vec![ConsoleEffect::Bell, ConsoleEffect::Notify(notice)]].concat()
}

/// A new message is shown for a while; what a key has just come to is not pushed away.
fn announce(model: &mut Model, world: &ViewContext<'_>) {
    let latest = world.snapshot.messages.first();
    if let Some(message) = latest
        && model.told.is_some_and(|told| told < message.at)
        && model.said.is_none()
    {
        let time = format::clock(message.at, world.zone);
        let text = format!("{time} {}: {}", message.about, message.text.lines().next().unwrap_or("")).into();
        model.said = Some(StatusMessage { text, bad: false, at: world.at });
    }
    model.told = Some(latest.map_or(jiff::Timestamp::MIN, |message| message.at));
}

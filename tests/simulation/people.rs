//! The fake operator, who may do any of it at any time, rightly or wrongly, and the fake pager.

use std::sync::Arc;

use jiff::SignedDuration;
use salve::core::Reason;
use salve::core::command::{Authority, Command, Operator, Scope};
use salve::core::id::{IncidentId, Key, MaintenanceId, PageId, RequestId};
use salve::core::machine::input::Input;
use salve::core::plan::Digest;
use salve::playbook::value::Period;

use crate::fault::Fault;
use crate::ledger::Judged;
use crate::names;
use crate::rng::Rng;
use crate::world::{Happening, MINUTE, SECOND, World};

/// What an operator of this world is given to, in a thousand.
#[derive(Debug)]
pub struct People {
    /// Mean time between two deeds.
    pace: u64,
    answers: u64,
    declines: u64,
    errs: u64,
    deeds: Vec<Deed>,
    /// Every digest that was ever shown, for whoever sends an old one again.
    shown: Vec<(IncidentId, Digest)>,
    requests: u64,
    pub silent: bool,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Pause,
    Resume,
    Schedule,
    Unschedule,
    Snooze,
    Unsnooze,
    Arm,
    Disarm,
    RunNow,
    Reset,
    Latch,
    Acknowledge,
    Close,
    Replay,
    Decline,
}

const DEEDS: [Deed; 15] = [
    Deed::Pause,
    Deed::Resume,
    Deed::Schedule,
    Deed::Unschedule,
    Deed::Snooze,
    Deed::Unsnooze,
    Deed::Arm,
    Deed::Disarm,
    Deed::RunNow,
    Deed::Reset,
    Deed::Latch,
    Deed::Acknowledge,
    Deed::Close,
    Deed::Replay,
    Deed::Decline,
];

impl People {
    pub fn new(rng: &mut Rng) -> Self {
        let part = rng.pick(&[0, 200, 500, 900]);
        Self {
            pace: rng.pick(&[3, 10, 40]) * MINUTE,
            answers: rng.pick(&[0, 300, 900, 1000]),
            declines: rng.pick(&[0, 100, 300]),
            errs: rng.pick(&[0, 100, 300]),
            deeds: DEEDS.into_iter().filter(|_| rng.permille(part)).collect(),
            shown: Vec::new(),
            requests: 0,
            silent: false,
        }
    }

    /// Says yes to everything at once, and does nothing else.
    pub fn willing() -> Self {
        Self {
            pace: u64::from(u32::MAX),
            answers: 1000,
            declines: 0,
            errs: 0,
            deeds: Vec::new(),
            shown: Vec::new(),
            requests: 0,
            silent: false,
        }
    }
}

impl World {
    pub fn send(&mut self, command: Command) -> Judged {
        if self.engine.driver.is_none() {
            return Ok(());
        }
        self.people.requests += 1;
        let request = RequestId(self.people.requests);
        self.engine.requests.insert(request.0, names::command(&command));
        let uid = u32::try_from(self.rng.below(2)).unwrap_or(0) + 1000;
        let by = Operator { uid, name: if uid == 1000 { "ada" } else { "grace" }.into(), ..Operator::default() };
        let authority = if uid == 1000 { Authority::Arm } else { Authority::RunArmed };
        self.feed(&Input::Command { by, authority, command, request })
    }

    /// Somebody is asked: an answer may come in a while.
    pub fn asked(&mut self, incident: IncidentId) {
        if !self.people.silent && self.rng.permille(self.people.answers) {
            let wait = if self.rng.permille(100) { 20 * MINUTE } else { self.rng.wait(MINUTE) };
            self.later(wait, Happening::Answer { incident });
        }
        if self.strikes(Fault::ClearsWhileAsked)
            && let Some(known) = self.ledger.books.incident(incident)
        {
            let target = self.shelf.target(&known.key.target);
            if let Some(broken) = self.host.things[target].broken {
                let wait = self.rng.wait(MINUTE);
                self.later(wait, Happening::Mend { target, failure: broken.id });
            }
        }
    }

    pub fn answers(&mut self, incident: IncidentId) -> Judged {
        let asked = self.ledger.books.incident(incident).and_then(|known| known.asked.as_ref());
        let Some(digest) = asked.map(|asked| asked.digest.clone()) else { return Ok(()) };
        self.people.shown.push((incident, digest.clone()));
        let reason = Reason::from("not now");
        if self.rng.permille(self.people.declines) {
            return self.send(Command::Decline { incident, reason });
        }
        if self.rng.permille(self.people.errs) {
            return self.send(Command::Approve {
                incident,
                digest: Digest("of something else".into()),
                reason: "".into(),
            });
        }
        self.send(Command::Approve { incident, digest: digest.clone(), reason: "".into() })?;
        // A nervous finger presses twice.
        if self.rng.permille(self.people.errs) {
            self.send(Command::Approve { incident, digest, reason: "".into() })
        } else {
            Ok(())
        }
    }

    pub fn operator_acts(&mut self) -> Judged {
        let wait = self.rng.wait(self.people.pace);
        self.later(wait, Happening::OperatorActs);
        if self.people.silent || self.people.deeds.is_empty() {
            return Ok(());
        }
        let deed = self.rng.pick(&self.people.deeds);
        let reason = Reason::from("so");
        let length = Period::from_secs(self.rng.pick(&[10, 120, 1800]));
        let command = match deed {
            Deed::Pause => {
                let length = self.rng.permille(800).then_some(length);
                Command::Pause { scope: self.some_scope(), length, reason }
            }
            Deed::Resume => Command::Resume { scope: self.some_scope() },
            Deed::Schedule => {
                // sometimes it has begun, or passed, or has no length
                let ahead = SignedDuration::from_secs(self.rng.pick(&[-900, -60, 0, 1, 90, 1800]));
                let length = if self.rng.permille(20) { Period::from_secs(0) } else { length };
                let from = self.now().wall + ahead;
                Command::Schedule { scope: self.some_scope(), from, length, reason }
            }
            Deed::Unschedule => Command::Unschedule { window: self.some_window() },
            Deed::Snooze => Command::Snooze { key: self.some_key(), length, reason },
            Deed::Unsnooze => Command::Unsnooze { key: self.some_key() },
            Deed::Arm => Command::Arm { playbook: self.some_name() },
            Deed::Disarm => Command::Disarm { playbook: self.some_name() },
            Deed::RunNow => Command::RunNow { key: self.some_key() },
            Deed::Reset => Command::ResetBreaker { key: self.some_key(), reason },
            Deed::Latch => Command::LatchBreaker { key: self.some_key(), reason },
            Deed::Acknowledge => Command::Acknowledge { incident: self.some_incident() },
            Deed::Close => Command::Close { incident: self.some_incident(), reason },
            Deed::Decline => Command::Decline { incident: self.some_incident(), reason },
            Deed::Replay => {
                if self.people.shown.is_empty() {
                    return Ok(());
                }
                let index = self.rng.index(self.people.shown.len());
                let (incident, digest) = self.people.shown[index].clone();
                Command::Approve { incident, digest, reason: "".into() }
            }
        };
        self.send(command)
    }

    fn some_key(&mut self) -> Key {
        let ill: Vec<Key> =
            self.ledger.books.keys.iter().filter(|(_, book)| book.open.is_some()).map(|(key, _)| key.clone()).collect();
        let keys = if ill.is_empty() || self.rng.permille(400) { self.shelf.keys() } else { ill };
        match keys.len() {
            0 => Key { content: salve::playbook::ContentKey("gone".into()), target: self.shelf.targets[0].clone() },
            len => keys[self.rng.index(len)].clone(),
        }
    }

    fn some_name(&mut self) -> Arc<str> {
        let file = self.rng.index(self.shelf.files.len());
        if self.rng.permille(20) { "nothing of the kind".into() } else { self.shelf.files[file].playbook.name.clone() }
    }

    fn some_scope(&mut self) -> Scope {
        if self.rng.permille(500) { Scope::Host } else { Scope::Playbook(self.some_name()) }
    }

    fn some_window(&mut self) -> MaintenanceId {
        let known: Vec<MaintenanceId> = self.ledger.books.windows.keys().copied().collect();
        if known.is_empty() || self.rng.permille(100) {
            return MaintenanceId(self.rng.below(9));
        }
        known[self.rng.index(known.len())]
    }

    fn some_incident(&mut self) -> IncidentId {
        let open: Vec<IncidentId> = self.ledger.books.keys.values().filter_map(|book| book.open).collect();
        if open.is_empty() || self.rng.permille(100) {
            return IncidentId(self.rng.below(self.incidents() + 3));
        }
        open[self.rng.index(open.len())]
    }

    /// The pager tries; it tries again until it is taken.
    pub fn page(&mut self, page: PageId, tries: u32) -> Judged {
        let Some(book) = self.ledger.books.page(page) else { return Ok(()) };
        let mut open: Vec<Arc<str>> =
            book.to.iter().filter(|channel| !book.delivered.contains(*channel)).cloned().collect();
        if book.to.is_empty() && book.delivered.is_empty() {
            open.push("ticket folder".into());
        }
        for channel in open {
            if self.strikes(Fault::LostPage) {
                if tries == 3 && self.ledger.books.carried.contains(&page) {
                    self.feed(&Input::Delivered { page, channel: "tickets".into(), instead: None })?;
                }
                let wait = (SECOND << tries.min(8)) + self.rng.below(SECOND);
                self.later(wait, Happening::Page { page, tries: tries + 1 });
                continue;
            }
            if self.strikes(Fault::LatePage) {
                let wait = self.rng.wait(10 * MINUTE);
                self.later(wait, Happening::Page { page, tries });
                continue;
            }
            self.feed(&Input::Delivered { page, channel: channel.clone(), instead: None })?;
            if self.strikes(Fault::TwicePage) {
                self.feed(&Input::Delivered { page, channel, instead: None })?;
            }
        }
        Ok(())
    }
}

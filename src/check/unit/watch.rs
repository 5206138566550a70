//! Waits for systemd's signals and reads the units that changed. A line that broke is made anew, and everything read
//! again; when it stays broken for longer than a short grace, every unit is unknown.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::stops::Stops;
use super::{UnitSight, UnitSubject};
use crate::check::bell::Bell;
use crate::check::kernel::Told;
use crate::check::look::{Look, since_event};
use crate::check::subject::{Observation, Subject};
use crate::host::Clock;
use crate::host::systemd::{Change, Changes, Systemd};

/// For so long a broken line is no news: the bus may only be restarting.
const GRACE: Duration = Duration::from_secs(5);

/// The wait before the line is tried again doubles from here …
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// … up to here.
const LAST_RETRY: Duration = Duration::from_secs(5);

/// What the watcher is told.
#[derive(Debug)]
pub enum UnitOrder {
    /// Tell of every change of the unit of this subject.
    Track(Arc<Subject>),
    /// No longer.
    Forget(Arc<Subject>),
    /// Remember this unit's jobs.
    Attend(Arc<str>),
}

/// Watches units until its orders end.
#[derive(Debug)]
pub struct Watcher {
    /// The line.
    pub systemd: Systemd,
    /// What durations run on.
    pub clock: Clock,
    /// What is to be watched.
    pub orders: mpsc::UnboundedReceiver<UnitOrder>,
    /// Where changes are told.
    pub tell: mpsc::UnboundedSender<Told>,
    /// Where jobs are remembered.
    pub stops: Arc<Stops>,
}

/// What is watched, and under which id systemd speaks of it.
#[derive(Debug, Default)]
struct Watched {
    subjects: BTreeSet<Arc<Subject>>,
    by_id: HashMap<Arc<str>, BTreeSet<Arc<Subject>>>,
    attended: BTreeSet<Arc<str>>,
}

impl Watcher {
    /// Runs to the end of its orders.
    pub async fn run(mut self) {
        let mut watched = Watched::default();
        let mut broken_since = Instant::now();
        let (mut retry, mut told) = (FIRST_RETRY, false);
        loop {
            // Nobody watches: no line is needed.
            while watched.subjects.is_empty() && watched.attended.is_empty() {
                let Some(order) = self.orders.recv().await else { return };
                watched.take(order);
                broken_since = Instant::now();
            }
            match self.systemd.changes().await {
                Ok(changes) => {
                    (retry, told) = (FIRST_RETRY, false);
                    if !self.follow(changes, &mut watched).await {
                        return;
                    }
                    broken_since = Instant::now();
                }
                Err(error) => {
                    if !told && broken_since.elapsed() > GRACE {
                        told = true;
                        self.all_unknown(&watched, &error.to_string());
                    }
                    if !self.pause(retry, &mut watched).await {
                        return;
                    }
                    retry = (retry * 2).min(LAST_RETRY);
                }
            }
        }
    }

    /// Waits, taking orders; false at their end.
    async fn pause(&mut self, length: Duration, watched: &mut Watched) -> bool {
        let wait = sleep(length);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return true,
                order = self.orders.recv() => match order {
                    Some(order) => drop(watched.take(order)),
                    None => return false,
                },
            }
        }
    }

    /// Follows one line until it breaks; false at the end of the orders.
    async fn follow(&mut self, mut changes: Changes, watched: &mut Watched) -> bool {
        let mut dirty: BTreeSet<Arc<Subject>> = watched.subjects.clone();
        loop {
            while let Some(subject) = dirty.pop_first() {
                self.read(&subject, watched).await;
            }
            tokio::select! {
                change = changes.next() => {
                    let Some(change) = change else { return true };
                    self.changed(change, watched, &mut dirty);
                    // What waits already is taken together: one read shows it all.
                    while let Some(change) = changes.ready().await {
                        self.changed(change, watched, &mut dirty);
                    }
                }
                order = self.orders.recv() => match order {
                    Some(order) => dirty.extend(watched.take(order)),
                    None => return false,
                },
            }
        }
    }

    fn changed(&self, change: Change, watched: &Watched, dirty: &mut BTreeSet<Arc<Subject>>) {
        if matches!(change, Change::Unit(_) | Change::Reloaded) {
            for subject in watched.subjects.iter().filter(|one| matches!(***one, Subject::FailedUnits(_))) {
                let _ = self.tell.send(Told::Rang(Bell::Subject(subject.clone())));
            }
        }
        match change {
            Change::Unit(id) => dirty.extend(watched.by_id.get(&id).into_iter().flatten().cloned()),
            Change::Reloaded => dirty.extend(watched.subjects.iter().cloned()),
            Change::JobNew { id, unit } if watched.attended.contains(&unit) => {
                let (systemd, stops) = (self.systemd.clone(), self.stops.clone());
                stops.note(&unit, id, None, None);
                // Asked at once and aside: a short job is soon gone, and signals must not wait for the answer.
                tokio::spawn(async move {
                    let kind = systemd.job_kind(id).await;
                    stops.note(&unit, id, kind.as_ref(), None);
                });
            }
            Change::JobRemoved { id, unit, result } if watched.attended.contains(&unit) => {
                self.stops.note(&unit, id, None, Some(&*result == "done"));
            }
            Change::JobNew { .. } | Change::JobRemoved { .. } => (),
        }
    }

    async fn read(&self, subject: &Arc<Subject>, watched: &mut Watched) {
        let Subject::Unit(UnitSubject { name }) = &**subject else { return };
        let began = self.clock.mono();
        let look = match self.systemd.unit(name).await {
            Ok(seen) => {
                watched.by_id.entry(seen.id.clone()).or_default().insert(subject.clone());
                let since = since_event(&self.clock, seen.changed, began);
                Look { began, since, result: Ok(Observation::Unit(UnitSight::from(&seen))) }
            }
            Err(error) => Look { began, since: began, result: Err(error.to_string().into()) },
        };
        let _ = self.tell.send(Told::Seen(subject.clone(), look));
    }

    fn all_unknown(&self, watched: &Watched, why: &str) {
        let (now, why): (_, Arc<str>) = (self.clock.mono(), why.into());
        for subject in &watched.subjects {
            let look = Look { began: now, since: now, result: Err(why.clone()) };
            let _ = self.tell.send(Told::Seen(subject.clone(), look));
        }
    }
}

impl Watched {
    /// The subject that must be read for the first time.
    fn take(&mut self, order: UnitOrder) -> Option<Arc<Subject>> {
        match order {
            UnitOrder::Track(subject) => self.subjects.insert(subject.clone()).then_some(subject),
            UnitOrder::Forget(subject) => {
                self.subjects.remove(&subject);
                self.by_id.retain(|_, subjects| {
                    subjects.remove(&subject);
                    !subjects.is_empty()
                });
                None
            }
            UnitOrder::Attend(unit) => {
                self.attended.insert(unit);
                None
            }
        }
    }
}

use super::*;

/// A unit that starts, runs and stops as systemd's signals tell it.
pub struct History {
    pub records: UnitRecords,
    stamps: HashMap<&'static str, UnitStamps>,
    now: u64,
}

impl History {
    pub fn new() -> Self {
        let mut records = UnitRecords::new(Duration::from_secs(2));
        records.begin(1_000_000);
        Self { records, stamps: HashMap::new(), now: 1_000_000 }
    }

    pub fn pass(&mut self, micros: u64) -> &mut Self {
        self.now += micros;
        self
    }

    pub fn job(&mut self, unit: &str, id: u32) -> &mut Self {
        self.records.note(&SystemdSignal::JobNew { id, unit: unit.into() }, self.now);
        self
    }

    pub fn over(&mut self, unit: &str, id: u32, result: &str) -> &mut Self {
        self.records.note(&SystemdSignal::JobRemoved { id, unit: unit.into(), result: result.into() }, self.now);
        self
    }

    /// The unit enters these states, and the signal is sent after the last.
    pub fn state(&mut self, unit: &'static str, states: &[(&str, &str)]) -> &mut Self {
        let stamps = self.stamps.entry(unit).or_insert_with(|| UnitStamps {
            active: "inactive".into(),
            sub: "dead".into(),
            ..UnitStamps::default()
        });
        for (active, sub) in states {
            self.now += 10;
            let was_down = stamps.is_down();
            let was_active = &*stamps.active == "active";
            (stamps.active, stamps.sub) = ((*active).into(), (*sub).into());
            match (was_down, stamps.is_down()) {
                (true, false) => stamps.inactive_exit = self.now,
                (false, true) => stamps.inactive_enter = self.now,
                _ => {}
            }
            match (was_active, *active == "active") {
                (false, true) => stamps.active_enter = self.now,
                (true, false) => stamps.active_exit = self.now,
                _ => {}
            }
        }
        let state = Some(stamps.clone());
        self.records.note(&SystemdSignal::Unit { id: unit.into(), state }, self.now);
        self
    }

    pub fn end(&self, unit: &str) -> Option<JobEnd> {
        self.records.get(unit)?.latest_job().map(|job| job.end)
    }
}

const RUNNING: &[(&str, &str)] = &[("activating", "start"), ("active", "running")];

#[test]
fn a_stop_that_is_done_is_told_from_every_other_job_whatever_the_exit_code() {
    for (sub, ending) in [("dead", "inactive"), ("failed", "failed")] {
        let mut history = History::new();
        history.state("a", RUNNING).job("a", 5).state("a", &[("deactivating", "stop-sigterm"), (ending, sub)]);
        history.over("a", 5, "done");
        assert_eq!(history.end("a"), Some(JobEnd::Stopped), "{ending}");
    }
    // a start that failed, after the stop of the same restart
    let mut history = History::new();
    history.state("a", RUNNING).job("a", 5).state("a", &[("deactivating", "stop"), ("inactive", "dead")]);
    history.state("a", &[("activating", "start-pre"), ("failed", "failed")]).over("a", 5, "failed");
    assert_eq!(history.end("a"), Some(JobEnd::Other));
    // a oneshot that is started and succeeds
    let mut history = History::new();
    history.job("a", 6).state("a", &[("activating", "start"), ("inactive", "dead")]).over("a", 6, "done");
    assert_eq!(history.end("a"), Some(JobEnd::Other));
    // a start whose condition was not met
    history.job("a", 7).over("a", 7, "done");
    assert_eq!(history.end("a"), Some(JobEnd::Other));
    // a start of what exits at once: the job was over before
    let mut history = History::new();
    history.job("a", 8).state("a", &[("active", "running")]).over("a", 8, "done").state("a", &[("inactive", "dead")]);
    assert_eq!(history.end("a"), Some(JobEnd::Other));
    assert_eq!(history.records.get("a").unwrap().latest_down().unwrap().job, None);
}

#[test]
fn a_stop_between_two_automatic_restarts_is_a_stop() {
    let mut history = History::new();
    history.state("a", RUNNING).state("a", &[("failed", "failed"), ("activating", "auto-restart")]);
    assert_eq!(history.records.get("a").unwrap().latest_down().unwrap().job, None);
    history.job("a", 9).state("a", &[("inactive", "dead")]).over("a", 9, "done");
    assert_eq!(history.end("a"), Some(JobEnd::Stopped));
    // systemd's own restart of a oneshot that then succeeds is none
    history.state("a", &[("activating", "auto-restart")]).job("a", 10);
    assert!(history.records.get("a").unwrap().latest_job().unwrap().restarts_automatically());
    history.state("a", &[("inactive", "dead"), ("activating", "start"), ("inactive", "dead")]).over("a", 10, "done");
    assert_eq!(history.end("a"), Some(JobEnd::Other));
}

#[test]
fn what_went_down_before_anybody_heard_is_not_taken_for_heard() {
    let mut history = History::new();
    let state =
        UnitStamps { active: "inactive".into(), inactive_enter: 999_999, active_enter: 10, ..UnitStamps::default() };
    history.records.note(&SystemdSignal::Unit { id: "a".into(), state: Some(state) }, 1_000_001);
    let record = history.records.get("a").unwrap();
    assert!(record.is_down() && record.latest_down().is_none());
}

#[test]
fn a_thousand_restless_units_do_not_push_the_watched_ones_history_past_its_bound() {
    let mut history = History::new();
    for id in 0..5000 {
        history.records.note(&SystemdSignal::JobNew { id, unit: format!("u{}", id % 2000).into() }, 1);
    }
    assert_eq!(history.records.units.len(), UNITS);
    for id in 0..50 {
        history.job("a", 10_000 + id);
    }
    assert_eq!(history.records.get("a").unwrap().jobs.len(), KEPT);
}

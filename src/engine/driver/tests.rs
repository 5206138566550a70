//! The driver over a machine that decides what a test says, and ports that write down every call.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;

use super::Driver;
use super::ports::{AttemptRequest, ClockPort, HostPort, JournalPort, Machine, PreflightRequest};
use crate::core::machine::effect::Cadence;
use crate::core::plan::{AttemptReport, ScopeLevel};
use crate::core::{
    AttemptId, Config, Core, Digest, Effect, Event, IncidentId, Input, Key, Mono, Now, PageId, Plan, Recorded, Refusal,
    RequestId, SurveyId, WatchId,
};
use crate::journal::RecordError;
use crate::playbook::read::read;
use crate::playbook::{Check, Origin, Playbook, Target};

const TEXT: &str = r#"
title  = "root has room"
target = { mount = "/" }
risk   = "low"
mode   = "auto"

[detect]
filesystem = { used = "> 85%" }

[[remediate]]
do      = [{ run = ["true"] }]
timeout = "10s"

[verify]
filesystem = { used = "< 80%" }
within     = "20s"

[escalate]
attempts = 2
window   = "1h"
"#;

type Calls = Rc<RefCell<Vec<String>>>;

/// Decides what the test says next.
struct Scripted {
    core: Core,
    decisions: VecDeque<Vec<Effect>>,
    calls: Calls,
}

impl Machine for Scripted {
    fn handle(&mut self, _now: Now, input: Input) -> Vec<Effect> {
        if let Input::Recording(can) = &input {
            self.calls.borrow_mut().push(format!("recording {}", if can.is_ok() { "works" } else { "fails" }));
        }
        self.decisions.pop_front().unwrap_or_default()
    }

    fn core(&self) -> &Core {
        &self.core
    }
}

struct Host(Calls);

impl Host {
    fn call(&self, what: String) {
        self.0.borrow_mut().push(what);
    }
}

impl HostPort for Host {
    fn note(&mut self, _recorded: &Arc<Recorded>) {}

    fn watch(&mut self, _watch: WatchId, _check: Arc<Check>, _cadence: Cadence) {}

    fn unwatch(&mut self, _watch: &WatchId) {}

    fn preflight(&mut self, request: PreflightRequest) {
        self.call(format!("preflight {}", request.survey));
    }

    fn start(&mut self, request: AttemptRequest) {
        self.call(format!("start {}", request.attempt));
    }

    fn refuse(&mut self, request: AttemptRequest, why: &str) {
        self.call(format!("refuse {}: {why}", request.attempt));
    }

    fn empty_scope(&mut self, attempt: AttemptId) {
        self.call(format!("empty {attempt}"));
    }

    fn deliver(&mut self, page: PageId, _core: &Core) {
        self.call(format!("deliver page {page}"));
    }

    fn reply(&mut self, _request: RequestId, answer: Result<Arc<str>, Refusal>) {
        self.call(format!("reply {}", answer.map_or_else(|refusal| refusal.to_string(), |text| text.to_string())));
    }
}

/// Answers each write as the test says; what it says nothing of is under way.
#[derive(Default)]
struct Paper {
    begun: Vec<Vec<u64>>,
    answers: VecDeque<Result<(), RecordError>>,
}

impl JournalPort for Rc<RefCell<Paper>> {
    type Ticket = ();

    fn begin(&mut self, records: Vec<Arc<Recorded>>, _at: Mono) {
        self.borrow_mut().begun.push(records.iter().map(|recorded| recorded.seq).collect());
    }

    fn poll(&mut self, _ticket: &mut (), _context: &mut Context<'_>) -> Poll<Result<(), RecordError>> {
        self.borrow_mut().answers.pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    fn mark(&mut self, _at: Mono) {}

    fn failure(&self) -> Option<RecordError> {
        None
    }
}

struct Watch(Mono);

impl ClockPort for Watch {
    fn now(&self) -> Now {
        Now { mono: self.0, wall: Timestamp::UNIX_EPOCH, minute_of_day: 0 }
    }
}

struct Bench {
    driver: Driver<Host, Rc<RefCell<Paper>>, Watch, Scripted>,
    paper: Rc<RefCell<Paper>>,
    calls: Calls,
}

impl Bench {
    fn new() -> Self {
        let (calls, paper) = (Calls::default(), Rc::<RefCell<Paper>>::default());
        let core = Core::new(Config::default());
        let machine = Scripted { core, decisions: VecDeque::new(), calls: Rc::clone(&calls) };
        let driver = Driver::new(machine, Host(Rc::clone(&calls)), Rc::clone(&paper), Watch(Mono(0)));
        Self { driver, paper, calls }
    }

    /// One input, of which the machine makes this.
    fn decide(&mut self, effects: Vec<Effect>) {
        self.driver.machine_mut().decisions.push_back(effects);
        self.driver.handle(Input::Tick);
    }

    /// An attempt's report comes.
    fn report(&mut self, attempt: u64) {
        let report = AttemptReport { steps: Vec::new(), scope: ScopeLevel::None, scope_empty: true, took_ms: 0 };
        self.driver.handle(Input::AttemptEnded { attempt: AttemptId(attempt), report: Arc::new(report) });
    }

    /// The journal answers its oldest write.
    fn answer(&mut self, answer: Result<(), RecordError>) {
        self.paper.borrow_mut().answers.push_back(answer);
        while self.driver.poll_write(&mut Context::from_waker(Waker::noop())).is_ready() {}
    }

    fn at(&mut self, mono: u64) {
        self.driver.clock_mut().0 = Mono(mono);
        self.driver.wake();
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.borrow_mut())
    }

    fn writes(&self) -> Vec<Vec<u64>> {
        self.paper.borrow().begun.clone()
    }
}

fn record(seq: u64) -> Effect {
    let event = Event::Notice { about: "test".into(), text: "test".into() };
    Effect::Record(Arc::new(Recorded { seq, mono: Mono(0), wall: Timestamp::UNIX_EPOCH, event }))
}

fn playbook() -> Arc<Playbook> {
    Arc::new(read("a.toml", "a", Origin::Shipped, TEXT).playbook.unwrap())
}

fn key(playbook: &Playbook) -> Key {
    Key { content: playbook.content.clone(), target: Target::Mount("/".into()) }
}

fn start(attempt: u64) -> Effect {
    let playbook = playbook();
    let digest: Digest = serde_json::from_str(&format!("\"{}\"", "0".repeat(64))).unwrap();
    let plan = Arc::new(Plan { rung: 0, steps: Vec::new(), timeout_ms: 10_000, digest });
    Effect::Start { incident: IncidentId(1), attempt: AttemptId(attempt), key: key(&playbook), playbook, plan }
}

fn survey(survey: u64) -> Effect {
    let playbook = playbook();
    let (incident, survey) = (IncidentId(1), SurveyId(survey));
    Effect::Survey { incident, survey, key: key(&playbook), playbook, rung: 0, verifier: false }
}

fn reply() -> Effect {
    Effect::Reply { request: RequestId(1), answer: Ok("paused".into()) }
}

#[test]
fn what_acts_waits_for_its_records_and_for_all_before_them() {
    let mut bench = Bench::new();
    bench.decide(vec![record(1)]);
    bench.decide(vec![record(2), start(1), Effect::Deliver(PageId(1))]);
    bench.decide(vec![reply()]);
    assert_eq!((bench.writes(), bench.calls()), (vec![vec![1], vec![2], vec![]], vec![]));
    bench.answer(Ok(()));
    assert_eq!(bench.calls(), Vec::<String>::new(), "the second record is not durable yet");
    bench.answer(Ok(()));
    assert_eq!(bench.calls(), ["start #1", "deliver page #1"]);
    bench.answer(Ok(()));
    assert_eq!(bench.calls(), ["reply paused"]);
    assert!(bench.driver.is_settled());
}

#[test]
fn a_record_that_begins_a_preflight_shares_a_write_with_its_answer_but_waits_no_longer_than_the_delay() {
    let mut bench = Bench::new();
    bench.decide(vec![record(1), survey(1)]);
    assert_eq!((bench.writes(), bench.calls().len()), (vec![], 1));
    bench.decide(vec![record(2), start(1)]);
    assert_eq!(bench.writes(), [[1, 2]]);
    bench.decide(vec![record(3), survey(2)]);
    assert_eq!(bench.driver.next_wake(), Some(Mono(10)));
    bench.at(9);
    assert_eq!(bench.writes().len(), 1);
    bench.at(10);
    assert_eq!(bench.writes(), [vec![1, 2], vec![3]]);
}

#[test]
fn while_the_journal_fails_attempts_and_commands_are_refused_and_pages_go_out() {
    let mut bench = Bench::new();
    bench.decide(vec![record(1), start(1), Effect::Deliver(PageId(1))]);
    bench.decide(vec![record(2), reply()]);
    bench.answer(Err(RecordError::DiskFull));
    assert_eq!(
        bench.calls(),
        [
            "refuse #1: the journal cannot be written: no room left on the disk",
            "deliver page #1",
            "reply the journal cannot be written, so no command is accepted: no room left on the disk",
            "recording fails"
        ]
    );
    bench.decide(vec![record(3), Effect::EmptyScope { attempt: AttemptId(1) }]);
    assert_eq!(bench.calls(), ["empty #1"], "what a crash left is ended");
    // every record is tried again, in order, and what came after them follows
    bench.at(5000);
    bench.decide(vec![record(4)]);
    assert_eq!(bench.writes()[2], [1, 2, 3]);
    bench.answer(Ok(()));
    assert_eq!((bench.writes()[3].clone(), bench.calls()), (vec![4], vec!["recording works".to_owned()]));
    bench.answer(Ok(()));
    assert_eq!(bench.driver.recording(), Ok(()));
}

#[test]
fn a_driver_that_stops_begins_no_attempt() {
    let mut bench = Bench::new();
    bench.decide(vec![record(1), start(1)]);
    bench.driver.stop();
    bench.decide(vec![record(2), survey(1)]);
    bench.answer(Ok(()));
    bench.answer(Ok(()));
    assert_eq!(bench.calls(), ["refuse #1: salve is being stopped"]);
    assert!(bench.driver.is_settled());
    // its report has not come
    assert!(!bench.driver.is_wound_down());
    bench.report(1);
    assert!(bench.driver.is_wound_down());
}

#[test]
fn a_driver_that_stops_waits_until_the_end_of_a_running_attempt_is_durable() {
    let mut bench = Bench::new();
    bench.decide(vec![record(1), start(1)]);
    bench.answer(Ok(()));
    assert_eq!(bench.calls(), ["start #1"]);
    bench.driver.stop();
    assert!(bench.driver.is_settled() && !bench.driver.is_wound_down());
    bench.driver.machine_mut().decisions.push_back(vec![record(2)]);
    bench.report(1);
    assert!(!bench.driver.is_wound_down(), "its record is under way");
    bench.answer(Ok(()));
    assert!(bench.driver.is_wound_down());
}

//! salve's journal on a host, followed by one process there: to wait for an event costs the host nothing, however
//! slow its processor is.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::machine::Machine;

/// By a name of its own, so that whoever ends `salve` there does not end this.
const FOLLOW: &str =
    "ln -sf salve /usr/local/bin/journal-reader; exec journal-reader journal export --json --follow 2> /dev/null";

/// One record.
pub struct Record {
    seq: u64,
    /// When, in milliseconds of the host's clock.
    pub at: u64,
    /// The event's kind.
    pub kind: String,
    /// What it says.
    pub fields: Value,
}

impl Record {
    fn of(line: &str) -> Option<Self> {
        let record: Value = serde_json::from_str(line).ok()?;
        let wall: jiff::Timestamp = record["wall"].as_str()?.parse().ok()?;
        let (kind, fields) = record["event"].as_object()?.iter().next()?;
        let at = u64::try_from(wall.as_millisecond()).ok()?;
        Some(Self { seq: record["seq"].as_u64()?, at, kind: kind.clone(), fields: fields.clone() })
    }
}

/// Every record at this moment: another process reads them, and none is missing.
pub fn exported(machine: &Machine) -> Vec<Record> {
    let lines = machine.sh("salve journal export --json");
    lines.lines().map(|line| Record::of(line).expect("a line of the journal")).collect()
}

/// A journal that is followed until this is dropped. It is some moments behind what is durable: what must not be there
/// is looked for in [`exported`].
pub struct FollowedJournal(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    grown: Condvar,
}

struct State {
    records: Vec<Record>,
    /// Whether somebody still wants them.
    wanted: bool,
    reader: Option<Child>,
}

impl FollowedJournal {
    /// From its first record on, which may come later.
    pub fn of(machine: &Machine) -> Self {
        let mut command = machine.command("sh");
        command.args(["-c", FOLLOW]);
        let program: Vec<OsString> =
            std::iter::once(command.get_program()).chain(command.get_args()).map(OsString::from).collect();
        let state = State { records: Vec::new(), wanted: true, reader: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), grown: Condvar::new() });
        let journal = Self(Arc::clone(&shared));
        thread::spawn(move || while shared.read(&program) {});
        journal
    }

    /// Waits until this is found in the records; none where it is not within this time.
    pub fn wait<T>(&self, patience: Duration, found: impl Fn(&[Record]) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut state = self.0.state();
        loop {
            let found = found(&state.records);
            let left = deadline.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() {
                return found;
            }
            state = self.0.grown.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How many records are known.
    pub fn len(&self) -> usize {
        self.0.state().records.len()
    }
}

impl Drop for FollowedJournal {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.wanted = false;
        if let Some(reader) = &mut state.reader {
            let _ = reader.kill();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all that one process tells; says whether there shall be another one.
    fn read(&self, program: &[OsString]) -> bool {
        let Some(lines) = self.begin(program) else { return false };
        // a line that was cut off by the process's end comes again from the next one
        for record in lines.lines().map_while(Result::ok).filter_map(|line| Record::of(&line)) {
            let mut state = self.state();
            if state.records.last().is_none_or(|last| last.seq < record.seq) {
                state.records.push(record);
            }
            self.grown.notify_all();
        }
        if let Some(mut reader) = self.state().reader.take() {
            let _ = reader.wait();
        }
        // a reader's connection that was cut
        sleep(Duration::from_millis(500));
        true
    }

    fn begin(&self, program: &[OsString]) -> Option<impl BufRead + use<>> {
        let mut state = self.state();
        if !state.wanted {
            return None;
        }
        let mut command = Command::new(&program[0]);
        command.args(&program[1..]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut reader = command.spawn().unwrap();
        let lines = BufReader::new(reader.stdout.take().expect("it is piped"));
        state.reader = Some(reader);
        Some(lines)
    }
}

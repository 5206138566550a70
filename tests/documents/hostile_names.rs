//! Every verb is fed names, reasons and answers that hold escapes, bidi marks and line ends: nothing that it says steers
//! a terminal, and no name forges a line. A verb that is not in the list fails the test.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use salve::control::protocol::rights::Roles;
use salve::control::server::Listener;
use salve::control::socket::Socket;
use salve::core::{Config, Recorded};
use salve::engine::handle::CommandRequest;
use salve::engine::history::{self, HistoryContext};
use salve::engine::{Handle, Snapshot};
use salve::host::clock::{ClockMark, boottime_ms};
use salve::journal::Journal;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::{fixture, salve};

/// Begins a line where a name's line end was printed as one.
const FORGED: &str = "FORGED";
const EVIL: &str = "e\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\r\nFORGED\tline\u{7f}";

/// What is not run: what changes this machine or never ends, and what carries bytes for a program.
const NOT_RUN: [&str; 6] = ["daemon", "demo", "service install", "service remove", "attach", "help"];

/// Every verb with arguments that make it say something of what it was fed.
const RUN: [&[&str]; 50] = [
    &["--once"],
    &["--once", "--plain"],
    &["init"],
    &["init", "--json"],
    &["init", "--only", EVIL],
    &["doctor"],
    &["doctor", "--json"],
    &["service", "print"],
    &["status"],
    &["status", "--json"],
    &["metrics"],
    &["report"],
    &["report", "--format", "markdown"],
    &["report", "--format", "json"],
    &["incidents"],
    &["incidents", "--json"],
    &["show", "41"],
    &["show", "41", "--json"],
    &["show", "41", "--markdown"],
    &["playbook", "list"],
    &["playbook", "list", "--json"],
    &["playbook", "show", EVIL],
    &["playbook", "check", "{bad}"],
    &["playbook", "check", "{good}"],
    &["playbook", "check", "--json", "{bad}"],
    &["playbook", "plan", "{bad}"],
    &["playbook", "plan", "{good}"],
    &["playbook", "backtest", "{good}"],
    &["playbook", "new", "--class", "path-missing", "--name", EVIL],
    &["playbook", "new", "--class", "service-down", "--target", EVIL],
    &["playbook", "kinds", EVIL],
    &["playbook", "schema"],
    &["playbook", "arm", EVIL],
    &["playbook", "disarm", EVIL],
    &["channel", "list"],
    &["channel", "list", "--json"],
    &["channel", "test", EVIL],
    &["journal", "verify"],
    &["journal", "export"],
    &["approve", "41", "--digest", EVIL],
    &["decline", "41", "--reason", EVIL],
    &["run", EVIL, EVIL],
    &["snooze", EVIL, EVIL, "15m", "--reason", EVIL],
    &["acknowledge", "41"],
    &["close", "41", "--reason", EVIL],
    &["breaker", "list"],
    &["breaker", "reset", EVIL, EVIL, "--reason", EVIL],
    &["breaker", "latch", EVIL, EVIL, "--reason", EVIL],
    &["pause", "host", "15m", "--reason", EVIL],
    &["resume", EVIL],
];
/// The rest says only what is the program's own.
const OWN_WORDS: [&[&str]; 3] = [&["completions", "bash"], &["schema", "status"], &["man"]];

/// Replaces every string that may be any string. Which may is found by trying, once for each place in the document.
fn poisoned(snapshot: &Snapshot) -> Snapshot {
    let mut document = serde_json::to_value(snapshot).unwrap();
    let mut places = Vec::new();
    leaves(&document, String::new(), &mut places);
    let mut free: HashMap<String, bool> = HashMap::new();
    for place in places {
        let kind: String =
            place.split('/').map(|part| if part.parse::<usize>().is_ok() { "*" } else { part }).collect();
        let before = std::mem::replace(document.pointer_mut(&place).unwrap(), EVIL.into());
        let may = *free.entry(kind).or_insert_with(|| serde_json::from_value::<Snapshot>(document.clone()).is_ok());
        if !may {
            *document.pointer_mut(&place).unwrap() = before;
        }
    }
    let snapshot: Snapshot = serde_json::from_value(document).unwrap();
    assert!(snapshot.incidents.iter().any(|incident| incident.key.target.to_string().contains(EVIL)));
    assert!(snapshot.pauses[0].reason.contains(FORGED) && snapshot.breakers[0].why.contains(FORGED));
    snapshot
}

fn leaves(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at),
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(index, one)| leaves(one, format!("{at}/{index}"), found));
        }
        Value::Object(all) => all.iter().for_each(|(name, one)| leaves(one, format!("{at}/{name}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A journal that holds the stories of a snapshot's incidents.
fn journal(state: &Path, snapshot: &Snapshot) {
    let mut events: Vec<_> = snapshot.incidents.iter().flat_map(|view| view.story.clone()).collect();
    events.sort_by_key(|recorded| recorded.mono);
    let numbered = |(index, recorded): (usize, Arc<Recorded>)| {
        Arc::new(Recorded { seq: index as u64 + 1, ..Recorded::clone(&recorded) })
    };
    let events: Vec<_> = events.into_iter().enumerate().map(numbered).collect();
    let mono = events.last().unwrap().mono;
    let journal = Journal::open(state).unwrap().journal;
    let mark = ClockMark { boot_id: "b00t".into(), boottime: mono.0, mono };
    journal.commit(events, mark).blocking_recv().unwrap().unwrap();
    journal.close();
}

/// An engine that listens, shows this snapshot, and answers every command with evil words.
fn engine(runtime: &tokio::runtime::Runtime, state: &Path, snapshot: Snapshot) -> (Listener, impl Sized + use<>) {
    let _inside = runtime.enter();
    let (publish, snapshots) = watch::channel(Arc::new(snapshot));
    let (asks, mut asked) = mpsc::channel::<CommandRequest>(8);
    runtime.spawn(async move {
        while let Some(CommandRequest { answer, .. }) = asked.recv().await {
            let _ = answer.send(Ok(EVIL.into()));
        }
    });
    let today =
        HistoryContext { bindings: Vec::new(), found: Vec::new(), host: EVIL.into(), operator: fixture::alice() };
    let past = history::start(state.to_owned(), Config::default(), watch::channel(Arc::new(today)).1);
    let handle = Handle::new(snapshots, asks, Arc::new(AtomicU64::new(boottime_ms()))).with_past(past);
    let listening = Listener::start(Socket::listen(&state.join("run")).unwrap(), handle, Roles::usual()).unwrap();
    (listening, publish)
}

/// Playbooks whose files' names hold line ends and escapes, and settings that do.
fn files(folder: &Path) -> [String; 2] {
    let playbooks = folder.join("playbooks");
    fs::create_dir(&playbooks).unwrap();
    let good = playbooks.join("g\u{1b}[31m\u{202e}\nFORGED: accepted.toml");
    let bad = playbooks.join("b\u{1b}[31m\u{202e}\nFORGED: rejected.toml");
    let text = "title = \"A path\"\nmode = \"shadow\"\n[target]\npath = \"/nonexistent\\nFORGED\\u001b[2J\"\n\
                [detect]\nmissing = true\n";
    fs::write(&good, text).unwrap();
    fs::write(&bad, "title = 3\n\u{1b}[2Jnonsense\u{202e} = true\n").unwrap();
    let settings = "[channels.\"e\\u001b[2J\\nFORGED\"]\nkind = \"webhook\"\nurl = \"https://e.example/\\u202e\"\n";
    fs::write(folder.join("salve.toml"), settings).unwrap();
    [good, bad].map(|path| path.to_str().unwrap().to_owned())
}

fn run(folder: &Path, state: &Path, words: &[&str], [good, bad]: &[String; 2]) -> Output {
    let words = words.iter().map(|word| match *word {
        "{good}" => good.as_str(),
        "{bad}" => bad.as_str(),
        word => word,
    });
    let mut command: Command = salve(state);
    command.arg("--playbooks").arg(folder.join("playbooks")).env("HOME", folder).stdin(Stdio::null());
    if words.clone().next() == Some("channel") {
        command.arg("--settings").arg(folder.join("salve.toml"));
    }
    command.args(words).output().unwrap()
}

/// Holds nothing that steers a terminal, and no line that a name made.
fn assert_harmless(words: &[&str], bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    // what a program printed keeps its lines, between the marks of a block that it cannot end
    let mut in_block = false;
    let mut forged = |line: &str| {
        in_block ^= line.starts_with("```");
        !in_block && line.trim_start().starts_with(FORGED)
    };
    let forged: Vec<bool> = text.lines().map(&mut forged).collect();
    let wrong = |(line, forged): &(&str, bool)| line.contains(steers) || *forged;
    if let Some((line, _)) = text.lines().zip(forged).find(wrong) {
        panic!("{words:?} says {line:?} in:\n{text}");
    }
}

/// All verbs, those of verbs included, as the help lists them.
fn verbs(state: &Path) -> BTreeSet<String> {
    let below = |words: &[&str]| -> Vec<String> {
        let output = salve(state).args(words).arg("--help").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let list = text.split("\nCommands:\n").nth(1).unwrap_or("").split("\n\n").next().unwrap_or("");
        list.lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .collect()
    };
    let mut all = BTreeSet::new();
    for verb in below(&[]) {
        let inner: Vec<_> = if verb == "help" { Vec::new() } else { below(&[&verb]) };
        if inner.is_empty() {
            all.insert(verb);
        } else {
            all.extend(inner.iter().filter(|one| *one != "help").map(|one| format!("{verb} {one}")));
        }
    }
    all
}

#[test]
fn no_name_reason_or_answer_steers_the_terminal_whatever_the_verb() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let files = files(folder.path());
    let snapshot = poisoned(&{
        let mut snapshot = fixture::trouble();
        snapshot.pauses = fixture::paused().pauses;
        snapshot
    });
    let [attached, alone] = ["attached", "alone"].map(|name| folder.path().join(name));
    let listed = verbs(&alone);
    journal(&attached, &snapshot);
    journal(&alone, &snapshot);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _engine = engine(&runtime, &attached, snapshot);

    let mut fed = 0;
    for words in RUN.iter().chain(&OWN_WORDS) {
        for state in [&attached, &alone] {
            let Output { stdout, stderr, .. } = run(folder.path(), state, words, &files);
            assert_harmless(words, &stdout);
            assert_harmless(words, &stderr);
            let said = [stdout, stderr].concat();
            assert!(!said.is_empty() || words[0] == "playbook", "{words:?} says nothing");
            fed += usize::from(String::from_utf8_lossy(&said).contains(FORGED));
        }
    }
    assert!(fed > 50, "only {fed} of the runs said something of what they were fed");
    let tried = RUN.iter().chain(&OWN_WORDS).map(|words| words.join(" "));
    let tried: Vec<String> = tried.chain(NOT_RUN.map(str::to_owned)).collect();
    let untried: Vec<_> =
        listed.iter().filter(|verb| !tried.iter().any(|words| words.starts_with(verb.as_str()))).collect();
    assert!(untried.is_empty(), "{untried:?} were not fed anything: add them to the list");
}

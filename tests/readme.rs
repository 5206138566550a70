//! The README and the manual keep their word: what they show is what the program accepts and draws. To draw the picture
//! again after a deliberate change: `SALVE_BLESS=1 cargo test --test readme`, then look at the difference.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

extern crate salve;

#[path = "support/fixture.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod fixture;

use std::fs;
use std::path::PathBuf;

use salve::channel::ChannelSettings;
use salve::console::options::{EngineAt, Writing};
use salve::console::{self, keys};
use salve::engine::Settings;
use salve::playbook::Origin;
use salve::playbook::read::read;

const README: &str = include_str!("../README.md");
/// No longer than this: the README is a front door, and the rest stands in the manual.
const README_LINES: usize = 200;

/// The README, the catalogue's page, and every topic of the manual that is written by hand.
fn pages() -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> =
        fs::read_dir(root.join("src/cli/manual/topics")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(root.join("playbooks/README.md"));
    files.sort();
    assert!(files.len() > 5, "the manual is not where it was: {files:?}");
    let topics = files.into_iter().map(|file| fs::read_to_string(file).unwrap());
    std::iter::once(README.to_owned()).chain(topics).collect()
}

/// The fenced blocks of one language, on all pages.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let of_page = |page: String| -> Vec<String> {
        let blocks = page.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next());
        blocks.map(|block| format!("{block}\n")).collect()
    };
    pages().into_iter().flat_map(of_page).collect()
}

#[test]
fn the_readme_is_a_front_door() {
    let lines = README.lines().count();
    assert!(lines < README_LINES, "{lines} lines");
    for linked in
        ["playbooks/README.md", ".github/CONTRIBUTING.md", "tests/snapshots/readme.svg", "tests/snapshots/tour.svg"]
    {
        assert!(README.contains(&format!("({linked})")), "{linked} is not linked");
        assert!(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(linked).exists(), "{linked} is not there");
    }
}

#[test]
fn the_worked_examples_are_accepted() {
    let examples: Vec<String> = blocks("toml").into_iter().filter(|block| block.contains("[verify]")).collect();
    assert_eq!(examples.len(), 2, "the README shows one playbook, and the manual another");
    for text in examples {
        let read = read("README.md", "example", Origin::Shipped, &text);
        let said: Vec<String> = read.diagnostics.iter().map(|diagnostic| diagnostic.render(&text, false)).collect();
        assert!(read.playbook.is_some() && said.is_empty(), "{}", said.join("\n"));
    }
}

#[test]
fn the_settings_are_accepted() {
    let settings: Vec<String> = blocks("toml").into_iter().filter(|block| block.contains("[channels.")).collect();
    assert_eq!(settings.len(), 1, "the manual shows the settings once");
    let settings = Settings::parse("README.md", &settings[0]).unwrap_or_else(|wrong| panic!("{wrong}"));
    let shown: std::collections::BTreeSet<&str> = settings.channels.values().map(ChannelSettings::kind).collect();
    assert_eq!(shown, ChannelSettings::KINDS.iter().copied().collect(), "one channel of each kind");
    assert!(!settings.second_calls.is_empty() && settings.heartbeat.is_some() && settings.metrics.is_some());
}

#[test]
fn the_manual_lists_the_keys_and_the_codes_of_the_program() {
    let topic = |name: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_salve")).args(["help", name]).output().unwrap();
        assert!(output.status.success(), "{name}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(topic("keys").contains(&keys::reference()));
    for code in [0, 1, 2, 64, 69, 70, 75, 77] {
        assert!(topic("exit-codes").contains(&format!("| {code} |")), "{code}");
    }
    let overview = std::process::Command::new(env!("CARGO_BIN_EXE_salve")).arg("help").output().unwrap();
    let overview = String::from_utf8(overview.stdout).unwrap();
    let topics =
        overview.split("Topics").nth(1).unwrap().lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let topics: Vec<&str> = topics.collect();
    assert!(topics.len() > 8, "{overview}");
    for name in topics {
        assert!(topic(name).lines().count() > 5, "{name} says next to nothing");
    }
}

#[test]
fn the_picture_is_what_the_program_draws() {
    let options = console::Options {
        read_only: false,
        ascii: Some(false),
        theme: Some("dark".into()),
        config: "/nonexistent".into(),
        drafts: "/nonexistent/drafts".into(),
        engine: EngineAt::Embedded,
        writing: Writing::Here,
        bell: false,
        stage: None,
    };
    let drawn = console::to_svg(&fixture::trouble(), 120, 32, &options).unwrap();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/readme.svg");
    if std::env::var_os("SALVE_BLESS").is_some() {
        fs::write(file, drawn).unwrap();
    } else {
        assert!(fs::read_to_string(file).unwrap() == drawn, "the screen looks different by now");
    }
}

/// The digest of no plan.
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Commands that a scratch folder is enough for, with what stands for their capitals, and how they end there.
const RUN: &[(&str, &[&str], i32)] = &[
    ("salve status", &["status"], 69), // nobody watches there
    ("salve schema status", &["schema", "status"], 0),
    ("salve playbook show nginx-up", &["playbook", "show", "nginx-up"], 0),
    ("salve playbook schema", &["playbook", "schema"], 0),
    ("salve playbook plan nginx-up", &["playbook", "plan", "nginx-up"], 0),
    ("salve playbook new", &["playbook", "new"], 0),
    (
        "salve playbook new --class disk-full --target /",
        &["playbook", "new", "--class", "disk-full", "--target", "/"],
        0,
    ),
    ("salve playbook list", &["playbook", "list"], 0),
    ("salve help", &["help"], 0),
    ("salve help console", &["help", "console"], 0),
    ("salve help keys", &["help", "keys"], 0),
    ("salve help playbooks", &["help", "playbooks"], 0),
    ("salve help settings", &["help", "settings"], 0),
    ("salve help channels", &["help", "channels"], 0),
    ("salve help daemon", &["help", "daemon"], 0),
    ("salve help scripting", &["help", "scripting"], 0),
    ("salve help files", &["help", "files"], 0),
    ("salve help exit-codes", &["help", "exit-codes"], 0),
    ("salve help safety", &["help", "safety"], 0),
    ("salve playbook show NAME", &["playbook", "show", "redis-up"], 0),
    ("salve playbook kinds", &["playbook", "kinds"], 0),
    ("salve playbook kinds NAME", &["playbook", "kinds", "mount"], 0),
    ("salve playbook check FILE…", &["playbook", "check", "playbooks/nginx-up.toml", "playbooks/zombies.toml"], 0),
    ("salve playbook arm nginx-up", &["playbook", "arm", "nginx-up"], 0),
    ("salve pause --for 30m --reason upgrade", &["pause", "--for", "30m", "--reason", "upgrade"], 0),
    ("salve pause --at \"tomorrow 02:00\" --for 2h", &["pause", "--at", "tomorrow 02:00", "--for", "2h"], 0),
    ("salve metrics", &["metrics"], 0),
    ("salve metrics --textfile FILE.prom", &["metrics", "--textfile", "@/salve.prom"], 0),
    ("salve man | man -l -", &["man"], 0),
    ("salve man --out DIR", &["man", "--out", "@/man"], 0),
    ("salve journal verify", &["journal", "verify"], 0),
    ("salve completions bash", &["completions", "bash"], 0),
    ("salve channel list", &["channel", "list"], 0),
    ("salve init", &["init"], 1),
    ("salve init --yes", &["init", "--yes"], 0),
    ("salve init --json", &["init", "--json"], 0),
    ("salve report --since 30d", &["report", "--since", "30d"], 0),
    (
        "salve playbook backtest disk-pressure --since 7d",
        &["playbook", "backtest", "disk-pressure", "--since", "7d"],
        0,
    ),
    // nothing is open there
    ("salve show 3", &["show", "3"], 1),
    ("salve show 3 --markdown", &["show", "3", "--markdown"], 1),
    ("salve approve 3 --digest …", &["approve", "3", "--digest", ZEROS], 1),
    ("salve acknowledge NUMBER", &["acknowledge", "3"], 1),
    ("salve channel test NAME", &["channel", "test", "nobody"], 1),
];

/// Commands that need a terminal, a host or another machine, and the test that runs each.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("salve", "tests/screen.rs", "the_first_screen_answers_and_q_gives_the_terminal_back"),
    ("salve demo", "tests/demo.rs", "three_demos_are_broken_healed_and_gone"),
    ("salve --once", "tests/screen.rs", "once"),
    ("salve --plain", "tests/screen.rs", "plain"),
    ("salve --plain --once", "tests/screen.rs", "plain"),
    ("salve status --watch", "tests/documents.rs", "--watch"),
    ("salve doctor", "tests/host/scenarios/service.rs", "salve doctor"),
    ("salve bridge", "tests/control.rs", "bridge"),
    ("cargo run --release", "tests/screen.rs", "the_first_screen_answers_and_q_gives_the_terminal_back"),
    ("cargo run --release -- demo", "tests/demo.rs", "three_demos_are_broken_healed_and_gone"),
    ("cargo run --release -- demo --tour", "tests/demo.rs", "three_tours_play_without_keys_and_leave_nothing"),
    ("cargo test", ".ci/run", "cargo test"),
    (
        "install -m 755 target/release/salve /usr/local/bin/salve",
        "tests/host/machine/container.rs",
        "usr/local/bin/salve",
    ),
    ("salve service install", "tests/host/scenarios/service.rs", "service install"),
    ("salve journal export --json --follow", "tests/journal.rs", "\"--follow\""),
    ("salve attach ssh://ann@web-03", "tests/host/scenarios/control.rs", "attach"),
    ("cargo test --release --test simulation -- --incidents 1000000", "tests/simulation/main.rs", "--incidents"),
    ("cargo bench --bench side_by_side", "tests/bench/side_by_side.rs", "in_short"),
];

/// Every command that the pages show: in a sentence, or a line of a block.
fn commands() -> std::collections::BTreeSet<String> {
    let is_command = |part: &&str| (*part == "salve" || part.starts_with("salve ")) && !part.contains('\n');
    let spoken = |page: &String| page.split('`').filter(is_command).map(str::to_owned).collect::<Vec<_>>();
    let lines = blocks("sh").into_iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
    let lines = lines.map(|line| line.split(" #").next().unwrap().trim().to_owned()).filter(|line| !line.is_empty());
    pages().iter().flat_map(spoken).chain(lines).collect()
}

#[test]
fn every_command_is_run_here_or_by_another_test() {
    let shown = commands();
    let known = |command: &String| {
        RUN.iter().any(|(known, ..)| known == command) || ELSEWHERE.iter().any(|(known, ..)| known == command)
    };
    let unknown: Vec<_> = shown.iter().filter(|command| !known(command)).collect();
    assert!(unknown.is_empty(), "shown, and run by no test: {unknown:#?}");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for (command, file, words) in ELSEWHERE {
        assert!(shown.contains(*command), "`{command}` is not shown any more");
        // a test may have rooms of its own
        let folder = root.join(file.trim_end_matches(".rs"));
        let mut text = fs::read_to_string(root.join(file)).unwrap();
        for room in fs::read_dir(folder).into_iter().flatten().flatten() {
            text += &fs::read_to_string(room.path()).unwrap_or_default();
        }
        assert!(text.contains(words), "{file} says nothing of `{words}`");
    }
    // a benchmark is run by the test command only where its target says so
    let targets = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let benches = targets.split("[[bench]]").skip(1).map(|rest| rest.split("\n\n").next().unwrap());
    for bench in benches {
        assert!(bench.contains("\ntest = true"), "no test runs this in short: {bench}");
    }
    let scratch = tempfile::tempdir().unwrap();
    for (command, words, code) in RUN {
        assert!(shown.contains(*command), "`{command}` is not shown any more");
        let written = words.iter().find_map(|word| word.strip_prefix("@/")).map(|name| scratch.path().join(name));
        let words = words.iter().map(|word| word.replace('@', scratch.path().to_str().unwrap()));
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_salve"))
            .current_dir(&root)
            .args(["--state", scratch.path().join("state").to_str().unwrap()])
            .args(words)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        // whatever this host looks like, `status` says how it stands
        let ended = output.status.code().unwrap();
        assert!(ended == *code || (*command == "salve status" && ended <= 2), "{command}: {ended}: {said}");
        match written {
            Some(path) => assert!(path.exists(), "{command} writes nothing"),
            None => assert!(!said.trim().is_empty(), "{command} says nothing"),
        }
    }
}

/// Every playbook that comes with it has a row in the catalogue's table.
#[test]
fn every_shipped_playbook_was_broken_and_healed() {
    for (name, _) in salve::playbook::library::SHIPPED {
        let row =
            include_str!("../playbooks/README.md").lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        assert!(row.is_some_and(|row| row.contains(" s | ")), "{name} has no row with its times");
    }
}

//! What other monitoring reads of salve, held against the real `promtool` where there is one.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![allow(clippy::print_stderr, reason = "what cannot be checked here is said")]
#![allow(clippy::unnecessary_wraps, reason = "the shape of a trial")]

extern crate salve;

#[path = "support/fixture.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod fixture;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use salve::engine::Snapshot;
use salve::engine::metrics::{MetricsFormat, NAMED, OTHERS, Vitals, render, write_textfile};
use salve::foreign::MayHang;

const VITALS: Vitals = Vitals { beat_age: Some(Duration::from_millis(250)), journal_bytes: Some(81_920) };

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let promtool = Command::new("promtool").arg("--version").output().is_ok();
    if !promtool {
        eprintln!("ignored: promtool_finds_nothing_to_say: no `promtool` here; Debian's package `prometheus` has it");
    }
    let trials = vec![
        Trial::test("the_figures_are_those_of_the_snapshot", figures),
        Trial::test("every_family_is_described_and_every_series_is_there_once", described),
        Trial::test("names_are_bounded_and_escaped", bounded),
        Trial::test("the_file_is_replaced_whole_for_everybody_to_read", file),
        Trial::test("a_missing_folder_is_said_and_nothing_is_left", no_folder),
        Trial::test("the_verb_writes_both_forms", verb),
        Trial::test("promtool_finds_nothing_to_say", checked).with_ignored_flag(!promtool),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|one| one == line), "no line `{line}` in\n{text}");
}

fn figures() -> Result<(), Failed> {
    let snapshot = fixture::trouble();
    let text = render(&snapshot, VITALS, MetricsFormat::OpenMetrics);
    let asks = snapshot.detectors.iter().filter(|row| row.health == salve::engine::snapshot::Health::Asks).count();
    let day = &snapshot.rates.day.auto_fix;
    for line in [
        "salve_incidents_closed_total{outcome=\"healed\"} 26",
        "salve_incidents_closed_total{outcome=\"declined\"} 0",
        "salve_attempts_total{starter=\"auto\"} 31",
        "salve_attempts_judged_total{verdict=\"not_verified\"} 6",
        "salve_pages_undelivered 1",
        "salve_loop_running 1",
        "salve_loop_beat_age_seconds 0.25",
        "salve_journal_size_bytes 81920",
        "salve_loop_lag_seconds 0.0019",
        "salve_loop_slowest_input_seconds 0.00074",
        "salve_journal_commits_total 1284",
        "salve_journal_commit_seconds_total 1.1556",
        "salve_journal_slowest_commit_seconds 0.612",
        "salve_queue_depth{queue=\"observations\"} 37",
        "salve_oldest_page_age_seconds 410",
        &format!("salve_detectors{{health=\"asks\"}} {asks}"),
        &format!("salve_incidents_fixed{{window=\"24h\"}} {}", day.part),
        &format!("salve_incidents_touched{{window=\"24h\"}} {}", day.whole),
    ] {
        has(&text, line);
    }
    let healths: usize = text
        .lines()
        .filter_map(|line| line.strip_prefix("salve_detectors{")?.rsplit(' ').next()?.parse::<usize>().ok())
        .sum();
    assert_eq!(healths, snapshot.detectors.len());

    let idle = render(&snapshot, Vitals::default(), MetricsFormat::OpenMetrics);
    has(&idle, "salve_loop_running 0");
    assert!(!idle.contains("beat_age") && !idle.contains("journal_size"), "nothing is made up");
    Ok(())
}

fn described() -> Result<(), Failed> {
    let text = render(&fixture::trouble(), VITALS, MetricsFormat::OpenMetrics);
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1);
    let mut family = String::new();
    let mut series = std::collections::BTreeSet::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            rest.split(' ').next().unwrap().clone_into(&mut family);
        } else if let Some(rest) = line.strip_prefix("# ") {
            let (word, rest) = rest.split_once(' ').unwrap();
            assert!(word == "HELP" || word == "UNIT", "{line}");
            assert!(rest.starts_with(&format!("{family} ")), "{line} stands under {family}");
        } else {
            let (name, _) = line.rsplit_once(' ').unwrap();
            let bare = name.split('{').next().unwrap();
            assert!(bare == family || bare == format!("{family}_total"), "{line} stands under {family}");
            assert!(series.insert(name.to_owned()), "{name} stands there twice");
        }
    }
    assert!(series.len() > 50, "{}", series.len());
    Ok(())
}

/// Far more playbooks than are told apart, and one with a name that must be escaped.
fn crowd() -> Snapshot {
    let mut snapshot = fixture::trouble();
    let mut row = snapshot.detectors[0].clone();
    row.health = salve::engine::snapshot::Health::Broken;
    snapshot.detectors = (0..NAMED + 50)
        .map(|number| {
            let mut row = row.clone();
            row.playbook = if number == 0 { Arc::from("a\"b\\c\nd") } else { format!("p{number:04}").into() };
            row
        })
        .collect();
    snapshot.playbook_rates.clear();
    snapshot.breakers.clear();
    snapshot
}

fn bounded() -> Result<(), Failed> {
    let text = render(&crowd(), VITALS, MetricsFormat::OpenMetrics);
    assert_eq!(text.matches("\nsalve_playbook_faults{").count(), NAMED + 1);
    has(&text, &format!("salve_playbook_faults{{playbook=\"{OTHERS}\"}} 50"));
    has(&text, r#"salve_playbook_faults{playbook="a\"b\\c\nd"} 1"#);
    Ok(())
}

fn file() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("salve.prom");
    fs::write(&path, "former")?;
    let mut held = fs::File::open(&path)?;
    write_textfile(&path, &fixture::trouble(), VITALS, &MayHang::because("a test"))?;
    let mut former = String::new();
    std::io::Read::read_to_string(&mut held, &mut former)?;
    assert_eq!(former, "former", "who reads the former file goes on reading it whole");
    assert_eq!(fs::read_to_string(&path)?, render(&fixture::trouble(), VITALS, MetricsFormat::Prometheus));
    assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o644);
    assert_eq!(fs::read_dir(folder.path())?.count(), 1, "nothing is left beside it");
    Ok(())
}

fn no_folder() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let error =
        write_textfile(&folder.path().join("none/salve.prom"), &fixture::calm(), VITALS, &MayHang::because("a test"))
            .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(fs::read_dir(folder.path())?.count(), 0);
    // A folder of that name: the rename fails, and what stood beside it is gone.
    fs::create_dir(folder.path().join("salve.prom"))?;
    write_textfile(&folder.path().join("salve.prom"), &fixture::calm(), VITALS, &MayHang::because("a test"))
        .unwrap_err();
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    Ok(())
}

fn verb() -> Result<(), Failed> {
    let state = tempfile::tempdir()?;
    let path = state.path().join("salve.prom");
    let salve = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_salve"));
        command.arg("--state").arg(state.path().join("state")).arg("metrics");
        command
    };
    let said = salve().output()?;
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let text = String::from_utf8(said.stdout)?;
    has(&text, "salve_loop_running 0");
    assert!(text.ends_with("# EOF\n"));
    let said = salve().arg("--textfile").arg(&path).output()?;
    assert!(said.status.success() && said.stdout.is_empty());
    let written = fs::read_to_string(path)?;
    has(&written, "salve_loop_running 0");
    assert!(!written.contains("# EOF"));
    Ok(())
}

/// It reads the Prometheus text form, and lints names and help.
fn checked() -> Result<(), Failed> {
    for snapshot in [fixture::trouble(), fixture::first(), crowd()] {
        let mut check = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let text = render(&snapshot, VITALS, MetricsFormat::Prometheus);
        check.stdin.take().unwrap().write_all(text.as_bytes())?;
        let said = check.wait_with_output()?;
        let (out, error) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(said.status.success() && out.is_empty() && error.is_empty(), "{out}{error}");
    }
    Ok(())
}

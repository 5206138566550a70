//! Completions and the manual come from the command line's own definition, and the shells and `man` take them.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![allow(clippy::print_stderr, reason = "what cannot be checked here is said")]
#![allow(clippy::unnecessary_wraps, reason = "the shape of a trial")]

use std::fs;
use std::io::Write as _;
use std::process::{Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("every_verb_has_its_page_with_the_exit_codes", pages),
        Trial::test("wrong_usage_ends_with_64_and_help_with_0", usage),
        Trial::test("a_reader_that_goes_early_is_no_failure", early),
    ];
    for shell in ["bash", "zsh", "fish"] {
        let here = there(shell);
        let name = format!("{shell}_takes_its_completions");
        trials.push(Trial::test(name, move || completes(shell)).with_ignored_flag(!here));
    }
    let name = "groff_finds_nothing_to_say";
    trials.push(Trial::test(name, formats).with_ignored_flag(!there("groff")));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("ignored: what needs `{program}`, which is not here");
    }
    found
}

fn salve(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_salve")).args(words).output().unwrap()
}

fn said(words: &[&str]) -> String {
    let output = salve(words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program on this input; it must succeed and say nothing on standard error.
fn fed(program: &str, words: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

fn completes(shell: &str) -> Result<(), Failed> {
    let script = said(&["completions", shell]);
    if shell == "bash" {
        let asks = "\nCOMP_WORDS=(salve playbook ch); COMP_CWORD=2; _salve salve ch playbook; echo \"${COMPREPLY[@]}\"";
        assert_eq!(fed("bash", &["--norc"], &(script + asks)).trim(), "check");
    } else {
        fed(shell, &["-n"], &script);
    }
    Ok(())
}

fn pages() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    said(&["man", "--out", folder.path().to_str().unwrap()]);
    for page in ["salve.1", "salve-status.1", "salve-playbook.1", "salve-playbook-check.1", "salve-metrics.1"] {
        let text = fs::read_to_string(folder.path().join(page))?;
        for part in [".TH", ".SH NAME", ".SH SYNOPSIS", ".SH \"EXIT STATUS\"", "Another salve holds the journal"] {
            assert!(text.contains(part), "{page} has no {part}:\n{text}");
        }
    }
    let keys = fs::read_to_string(folder.path().join("salve-keys.7"))?;
    assert!(keys.contains(".TH SALVE-KEYS 7") && keys.contains("approve the plan that is shown"), "{keys}");
    assert!(!folder.path().join("salve-bridge.1").exists(), "what is not for people has no page");
    assert_eq!(said(&["man"]), fs::read_to_string(folder.path().join("salve.1"))?);
    Ok(())
}

fn formats() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    said(&["man", "--out", folder.path().to_str().unwrap()]);
    for topic in ["keys", "settings", "catalogue", "safety"] {
        // as `man` does it
        fed(
            "groff",
            &["-Kutf8", "-man", "-Tutf8", "-ww"],
            &fs::read_to_string(folder.path().join(format!("salve-{topic}.7")))?,
        );
    }
    let text = fed("groff", &["-man", "-Tutf8", "-ww"], &said(&["man"]));
    assert!(text.contains("Another salve holds the journal"));
    Ok(())
}

fn usage() -> Result<(), Failed> {
    let wrong = salve(&["status", "--nope"]);
    assert_eq!(wrong.status.code(), Some(64));
    assert!(wrong.stdout.is_empty() && !wrong.stderr.is_empty());
    assert_eq!(salve(&["help", "nope"]).status.code(), Some(64));
    assert!(said(&["help", "playbook", "check"]).contains("salve playbook check"));
    assert_eq!(salve(&["--help"]).status.code(), Some(0));
    assert_eq!(salve(&["--version"]).status.code(), Some(0));
    Ok(())
}

fn early() -> Result<(), Failed> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_salve"))
        .args(["playbook", "schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    drop(child.stdout.take());
    let output = child.wait_with_output()?;
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
    let full = Command::new(env!("CARGO_BIN_EXE_salve"))
        .args(["playbook", "schema"])
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full")?)
        .output()?;
    assert_eq!(full.status.code(), Some(70), "what a full disk swallowed is said");
    Ok(())
}

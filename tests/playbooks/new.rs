//! `salve playbook new`: what it prints for a class is a playbook as it stands.

use assert_cmd::Command;
use salve::playbook::write::FailureClass;

fn salve(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("salve").unwrap();
    command.arg("playbook").args(arguments);
    command
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn each_class_that_is_listed_makes_a_playbook_that_passes_its_check() {
    let listed = said(&salve(&["new"]).assert().success().get_output().stdout);
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for class in FailureClass::ALL {
        assert!(listed.lines().any(|line| line.starts_with(class.word())), "{listed}");
        let text = salve(&["new", "--class", class.word()]).assert().success().get_output().stdout.clone();
        let file = folder.path().join(format!("{}.toml", class.word()));
        std::fs::write(&file, text).unwrap();
        files.push(file);
    }
    let checked = salve(&["check"]).args(&files).assert().success().get_output().clone();
    assert_eq!(said(&checked.stdout).matches(": accepted: ").count(), FailureClass::ALL.len());
    assert_eq!(said(&checked.stderr), "");
}

#[test]
fn what_cannot_be_is_said_with_the_right_form() {
    let wrong = |arguments: &[&str]| said(&salve(arguments).assert().code(1).get_output().stderr);
    assert!(wrong(&["new", "--class", "service-dwn"]).contains("did you mean `service-down`?"));
    assert!(wrong(&["new", "--target", "/"]).contains("add --class CLASS"));
    assert!(wrong(&["new", "--class", "load-high", "--target", "/"]).contains("omit --target"));
    // the text is printed all the same, to be mended
    let half = salve(&["new", "--class", "service-down", "--target", "nginx"]).assert().code(1).get_output().clone();
    assert!(said(&half.stdout).contains("unit = \"nginx\""));
    assert!(said(&half.stderr).contains("write \"nginx.service\""), "{}", said(&half.stderr));
}

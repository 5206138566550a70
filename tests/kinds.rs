//! A kind of check is two files that know nothing but the traits: the template in CONTRIBUTING is compiled here, outside
//! the crate, and driven as the crate drives its own kinds.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "kinds/reboot"]
mod reboot {
    pub mod probe;
    pub mod table;
}

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reboot::probe::{RebootSeen, RebootSubject};
use reboot::table::RebootCheck;
use salve::check::events::event_source::EventFd;
use salve::check::events::folders::Folders;
use salve::check::kind::{CheckProbe, SharedSource};
use salve::check::prober::{Cost, Prober};
use salve::core::Verdict;
use salve::host::Clock;
use salve::playbook::Target;
use salve::playbook::check::parts::Condition;
use salve::playbook::check::table::CheckTable;
// The template's own paths begin with `crate`, as they do where it belongs.
use salve::{check, foreign, playbook};

/// The check in the example of the kind's documentation.
fn example() -> RebootCheck {
    let mut table: BTreeMap<String, RebootCheck> = toml::from_str(RebootCheck::DOCS.example).unwrap();
    table.remove("reboot").unwrap()
}

#[test]
fn the_template_in_contributing_is_the_kind_that_is_compiled_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let contributing = std::fs::read_to_string(root.join(".github/CONTRIBUTING.md")).unwrap();
    for file in ["table.rs", "probe.rs"] {
        let code = std::fs::read_to_string(root.join("tests/kinds/reboot").join(file)).unwrap();
        assert!(contributing.contains(&format!("```rust\n{code}```\n")), "CONTRIBUTING shows another {file}");
    }
}

#[test]
fn a_kind_from_the_template_is_written_and_documented() {
    let check = example();
    assert_eq!(check.parts().conditions, [("required", Condition::Flag(true))]);
    assert_eq!(check.condition(), "required");
    assert!(toml::from_str::<BTreeMap<String, RebootCheck>>("reboot = { requires = true }").is_err());
    let schema = schemars::schema_for!(RebootCheck).to_value();
    assert!(schema["properties"]["required"]["description"].as_str().unwrap().contains("reboot"));
}

#[tokio::test]
async fn a_kind_from_the_template_is_probed_and_judged() {
    let check = example();
    let subject = check.subject(&Target::Host).unwrap();
    let timed = RebootCheck::probe_timed(&subject, &Prober::new(Clock::starting())).await.unwrap();
    let holds = check.judge(&timed.seen).verdict == Verdict::Holds;
    assert_eq!(holds, Path::new("/run/reboot-required").exists());
    assert_eq!(check.judge(&RebootSeen { required: true }).seen, "required");
    assert_eq!(check.judge(&RebootSeen { required: false }).verdict, Verdict::DoesNotHold);
    assert!(matches!(RebootCheck::default().judge(&timed.seen).verdict, Verdict::Unknown(_)));
    let recorded = serde_json::to_string(&timed.seen).unwrap();
    assert_eq!(serde_json::from_str::<RebootSeen>(&recorded).unwrap(), timed.seen);
}

#[tokio::test]
async fn a_kind_from_the_template_has_events_of_its_own() {
    let check = example();
    assert_eq!(RebootCheck::COST, Cost::Little);
    assert_eq!(RebootCheck::shared_source(&RebootSubject), SharedSource::None);
    assert!(check.own_sources(&RebootSubject, None).is_none(), "folders that cannot be watched are polled");
    let sources = check.own_sources(&RebootSubject, Some(Folders::open().unwrap())).unwrap();
    assert_eq!(sources.path, Path::new("/run"));
    let opened = foreign::task("events in", &sources.path, Duration::from_secs(5), sources.open).await;
    assert!(matches!(opened.unwrap()[..], [EventFd::Folder(_)]));
    assert!(
        check.unavailable().is_none()
            && RebootCheck::is_insignificant(&RebootSeen { required: true }, &RebootSeen { required: true })
    );
}

//! The way to a new playbook: keys in, a filled text out.

use std::sync::Arc;

use super::super::editor::{Begin, BeginStep, DraftSummary, EditorTask, EditorTaskResult};
use super::super::fixture;
use super::super::model::OpenPage;
use super::super::update::ConsoleInput;
use super::author::tell;
use super::keys::Desk;
use super::pictures::album;
use super::screens::drawn;
use crate::console::keys::InputMode;
use crate::console::model::effect::ConsoleEffect;
use crate::engine::host_queries::target_candidates::Offer;
use crate::playbook::write::{FailureClass, WantedTarget};
use crate::playbook::{Origin, Target, read};

fn page(desk: &Desk) -> &Begin {
    match desk.model.pages.last() {
        Some(OpenPage::Begin(begin)) => begin,
        other => panic!("{other:?}"),
    }
}

fn last(desk: &Desk) -> &EditorTask {
    match desk.asked.last() {
        Some(ConsoleEffect::Ask(ask)) => ask,
        other => panic!("{other:?}"),
    }
}

fn offers() -> EditorTaskResult {
    let unit = |name: &str, about: &str| Offer { target: Target::Unit(name.into()), about: about.into() };
    let offers = [unit("cron.service", "active"), unit("nginx.service", "failed"), unit("ssh.service", "active")];
    EditorTaskResult::Offers { wanted: WantedTarget::Unit, offers: Arc::new(offers) }
}

fn begun(desk: Desk) -> Desk {
    let at = "2026-11-23T14:02:00Z".parse().unwrap();
    tell(desk.keys("n"), EditorTaskResult::Drafts(vec![DraftSummary { name: "queue-full".into(), at }]))
}

fn at_target() -> Desk {
    tell(begun(Desk::new(fixture::trouble())).keys("service down\r"), offers())
}

#[test]
fn a_class_a_target_and_a_name_make_a_playbook() {
    let desk = begun(Desk::new(fixture::trouble()));
    assert_eq!(last(&desk), &EditorTask::Drafts);
    let desk = desk.keys("service down\r");
    assert_eq!(last(&desk), &EditorTask::Offers { wanted: WantedTarget::Unit });
    let desk = tell(desk, offers()).keys("ng\r");
    let nginx = Target::Unit("nginx.service".into());
    assert_eq!(page(&desk).step, BeginStep::Name { class: FailureClass::ServiceDown, target: nginx });
    assert_eq!(page(&desk).typed, "nginx-down");
    let desk = desk.keys("\r");
    let EditorTask::Begin { name, text, one_off: false } = last(&desk) else { panic!("{:?}", last(&desk)) };
    let read = read::read("nginx-down.toml", name, Origin::User("/p/nginx-down.toml".into()), text);
    assert!(read.playbook.is_some(), "{:#?}", read.diagnostics);
    assert!(text.contains("nginx.service"));
}

#[test]
fn a_target_that_is_not_offered_can_be_named() {
    let desk = at_target().keys("payments\r");
    assert_eq!(
        page(&desk).step,
        BeginStep::Name { class: FailureClass::ServiceDown, target: Target::Unit("payments.service".into()) }
    );
    let desk = tell(begun(Desk::new(fixture::trouble())).keys("inodes\r"), offers()).keys("var\r");
    assert_eq!(desk.said(), "no match: Ctrl-U clears the search", "a mount point begins with /");
    let desk = desk.keys("\x15/var/log\r");
    assert_eq!(page(&desk).typed, "var-log-inodes-spent");
}

#[test]
fn each_step_can_be_taken_back() {
    let desk = at_target().keys("ng\r").keys("\x1b");
    assert!(matches!(page(&desk).step, BeginStep::Target { offers: None, .. }));
    assert_eq!(last(&desk), &EditorTask::Offers { wanted: WantedTarget::Unit }, "the host is looked at anew");
    let desk = desk.keys("\x1b");
    assert_eq!(page(&desk).step, BeginStep::Class);
    assert_eq!(page(&desk).drafts.len(), 1);
    assert_eq!(desk.keys("\x1b").model.place(), InputMode::Main);
}

#[test]
fn a_name_that_is_taken_or_cannot_be_a_files_is_refused() {
    let desk = at_target().keys("ng\r").keys("\x15disk-full\r");
    assert_eq!(desk.said(), "a playbook named disk-full exists: choose another name, or edit it with e");
    let desk = desk.keys("\x15../etc/x\r");
    assert!(desk.said().starts_with("use only letters"), "{}", desk.said());
}

#[test]
fn a_draft_is_gone_on_with() {
    let desk = begun(Desk::new(fixture::trouble())).keys("\r");
    assert_eq!(last(&desk), &EditorTask::Resume { name: "queue-full".into() });
    let subject = super::author::subject("queue-full", "");
    let mut desk = tell(desk, EditorTaskResult::Resumed { subject, text: "title = \"half\"\n".into() });
    assert_eq!(desk.model.place(), InputMode::Editor);
    desk.input(ConsoleInput::Author(EditorTaskResult::Drafts(Vec::new())));
    assert!(drawn(&desk.model, &desk.snapshot, false).contains("title = \"half\""));
}

#[test]
fn a_load_is_of_the_host_and_needs_no_target() {
    let desk = begun(Desk::new(fixture::trouble())).keys("load\r");
    assert_eq!(page(&desk).step, BeginStep::Name { class: FailureClass::LoadHigh, target: Target::Host });
    assert_eq!(page(&desk).typed, "load-high");
    assert_eq!(page(&desk.keys("\x1b")).step, BeginStep::Class);
}

#[test]
fn the_steps_at_the_sizes_that_people_have() {
    let class = begun(Desk::new(fixture::trouble()));
    album("new-class", |size, ascii| class.screen_in(size, ascii));
    let target = at_target().keys("\t");
    album("new-target", |size, ascii| target.screen_in(size, ascii));
    let name = at_target().keys("ng\r");
    album("new-name", |size, ascii| name.screen_in(size, ascii));
}

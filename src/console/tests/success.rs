//! The success page under the cursor.

use super::super::fixture;
use super::super::model::{OpenPage, Overlay};
use super::keys::Desk;
use crate::console::content::filtered_list::ListKind;
use crate::console::content::success::SuccessSpan;
use crate::core::{Command, IncidentId};

fn desk() -> Desk {
    Desk::new(fixture::trouble())
}

fn span(desk: &Desk) -> Option<SuccessSpan> {
    match desk.model.pages.last() {
        Some(OpenPage::Success { span, .. }) => Some(*span),
        _ => None,
    }
}

#[test]
fn the_window_under_the_cursor_is_the_one_that_is_shown() {
    assert_eq!(span(&desk().keys("S")), Some(SuccessSpan::Day));
    assert_eq!(span(&desk().keys("Sk")), Some(SuccessSpan::Hour));
    let week = desk().keys("Sj");
    assert_eq!(span(&week), Some(SuccessSpan::Week));
    assert!(week.page().iter().any(|line| line == "By playbook, the last 7 days"));
    assert_eq!(span(&week.keys("jjj")), Some(SuccessSpan::Month), "below the windows the last one stays");
}

#[test]
fn rows_lead_to_what_they_are_about() {
    let incidents = desk().keys("S\r");
    assert!(matches!(incidents.model.pages.last(), Some(OpenPage::List { kind: ListKind::Incidents, .. })));
    let book = desk().keys("Sjjj\r");
    assert!(matches!(book.model.pages.last(), Some(OpenPage::Playbook { name, .. }) if &**name == "service-down"));
    let at = |item: &str| {
        let mut desk = desk().keys("S");
        if let Some(OpenPage::Success { cursor, .. }) = desk.model.pages.last_mut() {
            cursor.on = Some(item.into());
        }
        desk
    };
    let gone = at("wanting replica-lag address 10.0.0.7:5432 NoRemediation").keys("\r");
    assert!(matches!(gone.model.pages.last(), Some(OpenPage::Playbook { name, .. }) if &**name == "replica-lag"));
    let known = at("wanting service-down unit mailer.service NoPlan").keys("\r");
    assert!(matches!(known.model.pages.last(), Some(OpenPage::Incident { id: IncidentId(39), .. })));
    let armed = at("wanting inodes mount /var/lib/postgresql Arming").keys("Ay");
    assert_eq!(armed.commands(), [&Command::Arm { playbook: "inodes".into() }]);
    let failing = at("failing disk-full").keys("b");
    assert!(matches!(failing.model.overlay, Some(Overlay::Pick(_))), "which of its targets?");
}

#[test]
fn the_page_says_what_to_write_mend_and_stop() {
    let page = desk().keys("S").page().join("\n");
    for said in [
        "Write these next",
        "7x 10.0.0.7:5432 (replica-lag) no remediation",
        "Needs a real fix",
        "Consider disarming",
        "36% disk-full  fixed 4 of 11, at most 65% (95%)",
    ] {
        assert!(page.contains(said), "{said} in\n{page}");
    }
    let empty = Desk::new(fixture::first()).keys("S").page().join("\n");
    assert!(empty.contains("none counted yet") && !empty.contains("Write these next"), "{empty}");
}

//! Writing a playbook: strings of keys in, asks out, and pictures of the page.

use std::sync::Arc;

use super::super::editor::{Author, DocumentKind, EditedFile, EditorFocus, EditorTask, EditorTaskResult, READ_AFTER};
use super::super::fixture;
use super::super::model::OpenPage;
use super::super::update::ConsoleInput;
use super::keys::Desk;
use crate::console::keys::InputMode;
use crate::console::model::effect::ConsoleEffect;

pub const GOOD: &str = include_str!("../../../playbooks/nginx-up.toml");

pub fn subject(name: &str, text: &str) -> EditedFile {
    EditedFile {
        name: name.into(),
        path: format!("/home/alice/.config/salve/playbooks/{name}.toml").into(),
        opened: Some(text.into()),
        begun: text.into(),
        kind: DocumentKind::File,
    }
}

/// A console with a playbook open.
pub fn open(text: &str) -> Desk {
    let mut desk = Desk::new(fixture::trouble());
    desk.input(ConsoleInput::Author(EditorTaskResult::Opened { subject: subject("nginx-up", text), draft: None }));
    desk
}

fn page(desk: &Desk) -> &Author {
    match desk.model.pages.last() {
        Some(OpenPage::Author(author)) => author,
        other => panic!("{other:?}"),
    }
}

fn asks(desk: &Desk) -> Vec<&EditorTask> {
    desk.asked
        .iter()
        .filter_map(|request| if let ConsoleEffect::Ask(ask) = request { Some(ask) } else { None })
        .collect()
}

pub fn tell(mut desk: Desk, told: EditorTaskResult) -> Desk {
    desk.input(ConsoleInput::Author(told));
    desk
}

fn keep(text: &str) -> EditorTask {
    let subject = subject("nginx-up", "");
    EditorTask::Keep { name: subject.name, path: subject.path, text: text.into() }
}

fn drop_draft() -> EditorTask {
    EditorTask::DropDraft { name: "nginx-up".into() }
}

pub const SAVE: &str = "\x13";
pub const NEXT: &str = "\x0e";

#[test]
fn e_opens_the_playbook_that_is_looked_at() {
    let desk = Desk::new(fixture::trouble()).keys("e");
    assert_eq!(asks(&desk), [&EditorTask::Open { playbook: "disk-full".into() }]);
}

#[test]
fn what_is_typed_is_text_and_no_command() {
    let desk = open("").keys("qp?:ya\rs");
    assert_eq!(page(&desk).text.whole(), "qp?:ya\ns");
    assert!(desk.commands().is_empty());
}

#[test]
fn saving_hands_over_what_was_opened_and_what_is_meant() {
    let desk = open("a = 1\n").keys("#").keys(SAVE);
    let saves: Vec<_> = asks(&desk).into_iter().filter(|ask| matches!(ask, EditorTask::Save { .. })).collect();
    assert_eq!(saves, [&EditorTask::Save { subject: subject("nginx-up", "a = 1\n"), text: "#a = 1\n".into() }]);
    let desk = tell(desk, EditorTaskResult::Saved { text: "#a = 1\n".into() });
    assert!(!page(&desk).changed());
    assert!(asks(&desk).contains(&&drop_draft()), "a saved text needs no draft");
    assert!(desk.said().starts_with("saved to /home/alice/"), "{}", desk.said());
    assert_eq!(desk.keys("\x1b").model.place(), InputMode::Main, "nothing is left to be lost");
}

#[test]
fn what_is_typed_while_it_is_saved_is_not_lost() {
    let desk = tell(open("").keys("a").keys(SAVE).keys("b"), EditorTaskResult::Saved { text: "a".into() });
    assert_eq!(page(&desk).text.whole(), "ab");
    assert!(page(&desk).changed());
    assert_eq!(asks(&desk).last(), Some(&&keep("ab")));
}

#[test]
fn esc_never_destroys() {
    let desk = open("a = 1\n").keys("x\x1b");
    assert_eq!((&page(&desk).stage, desk.model.place()), (&EditorFocus::Leaving, InputMode::Leaving));
    let desk = desk.keys("\x1b");
    assert_eq!((page(&desk).text.whole().as_str(), desk.model.place()), ("xa = 1\n", InputMode::Editor));
    let desk = desk.keys("\x1b").keys("d");
    assert_eq!((desk.model.place(), asks(&desk).last()), (InputMode::Main, Some(&&keep("xa = 1\n"))));
    let desk = open("a = 1\n").keys("x\x1b").keys("x");
    assert_eq!((desk.model.place(), asks(&desk).last()), (InputMode::Main, Some(&&drop_draft())));
    let desk = open("a = 1\n").keys("x\x1b").keys("s");
    assert!(matches!(asks(&desk).last(), Some(EditorTask::Save { .. })));
    assert_eq!(tell(desk, EditorTaskResult::Saved { text: "xa = 1\n".into() }).model.place(), InputMode::Main);
}

#[test]
fn a_save_that_fails_leaves_the_text_where_it_is() {
    let desk =
        tell(open("").keys("a\x1b").keys("s"), EditorTaskResult::Failed("not saved: no space left on device".into()));
    assert_eq!(page(&desk).text.whole(), "a");
    assert_eq!(desk.said(), "not saved: no space left on device");
    assert_eq!(desk.model.place(), InputMode::Editor);
}

#[test]
fn a_file_that_is_gone_can_be_saved_anew() {
    let desk = tell(open("a = 1\n").keys("#").keys(SAVE), EditorTaskResult::Gone);
    assert_eq!(desk.said(), "the file no longer exists: Ctrl-S again saves it as a new file");
    let desk = desk.keys(SAVE);
    assert!(matches!(asks(&desk).last(), Some(EditorTask::Save { subject, .. }) if subject.opened.is_none()));
}

#[test]
fn a_change_from_outside_is_shown_and_asked_about() {
    let conflict =
        || tell(open("a = 1\n").keys("#").keys(SAVE), EditorTaskResult::Changed { theirs: "b = 2\n".into() });
    let desk = conflict();
    assert_eq!(desk.model.place(), InputMode::Conflict);
    let saved = |desk: &Desk| match asks(desk).last() {
        Some(EditorTask::Save { subject, text }) => (subject.opened.clone(), Arc::clone(text)),
        other => panic!("{other:?}"),
    };
    assert_eq!(saved(&desk.keys("m")), (Some("b = 2\n".into()), "#a = 1\n".into()));
    let desk = conflict().keys("t");
    assert_eq!((page(&desk).text.whole().as_str(), page(&desk).changed()), ("b = 2\n", false));
    let desk = desk.keys("\x15");
    assert_eq!(page(&desk).text.whole(), "#a = 1\n", "mine comes back");
    let desk = conflict().keys("\x1b");
    assert_eq!((page(&desk).text.whole().as_str(), desk.model.place()), ("#a = 1\n", InputMode::Editor));
}

#[test]
fn a_draft_is_kept_while_it_is_typed_and_offered_the_next_time() {
    let mut desk = open("");
    desk = desk.burst("title");
    assert!(asks(&desk).is_empty(), "not with every key");
    desk.quiet(1000);
    assert_eq!(asks(&desk), [&keep("title")]);
    let mut desk = Desk::new(fixture::trouble());
    let at = jiff::Timestamp::UNIX_EPOCH;
    let offer =
        EditorTaskResult::Opened { subject: subject("nginx-up", "a = 1\n"), draft: Some(("a = 2\n".into(), at)) };
    desk.input(ConsoleInput::Author(offer.clone()));
    assert_eq!(desk.model.place(), InputMode::Offered);
    let desk = desk.keys("y");
    assert_eq!((page(&desk).text.whole().as_str(), page(&desk).changed()), ("a = 2\n", true));
    let desk = tell(Desk::new(fixture::trouble()), offer.clone()).keys("x");
    assert_eq!((page(&desk).text.whole().as_str(), asks(&desk)), ("a = 1\n", vec![&drop_draft()]));
    let desk = tell(Desk::new(fixture::trouble()), offer).keys("\x1b");
    assert_eq!((desk.model.place(), asks(&desk).len()), (InputMode::Main, 0), "the draft stays");
}

#[test]
fn a_playbook_is_mended_by_its_diagnostics() {
    let bad = GOOD.replacen("title", "titel", 1).replacen("[verify]", "[verfy]", 1);
    let mut desk = open(&bad);
    assert!(page(&desk).findings.errors() >= 2);
    desk = desk.keys(NEXT);
    let (_, finding) = page(&desk).findings.under(page(&desk).text.cursor()).unwrap();
    assert!(finding.diagnostic.help.contains("title"), "{}", finding.diagnostic.help);
    // over the misspelt word: away with it, and the right one in its place
    desk = desk.keys("\x1b[3~\x1b[3~\x1b[3~\x1b[3~\x1b[3~title");
    desk.quiet(READ_AFTER);
    for _ in 0..20 {
        let (line, _) = page(&desk).text.cursor();
        if page(&desk).text.lines()[line].starts_with("[verfy]") {
            break;
        }
        desk = desk.keys(NEXT);
    }
    desk = desk.keys("\x1b[1~\x1b[C\x1b[C\x1b[C\x1b[Ci");
    desk.quiet(READ_AFTER);
    assert_eq!(page(&desk).findings.errors(), 0, "{:#?}", page(&desk).findings.all);
    assert_eq!(page(&desk).text.whole(), GOOD);
    assert_eq!(desk.keys(NEXT).said(), "no errors: the playbook is valid");
}

#[test]
fn the_text_is_read_a_moment_after_the_last_key() {
    let mut desk = open(GOOD);
    assert_eq!(page(&desk).findings.errors(), 0);
    desk = desk.burst("wrong ");
    assert_eq!(page(&desk).findings.errors(), 0, "not while one types");
    desk.quiet(READ_AFTER);
    assert!(page(&desk).findings.errors() > 0);
}

#[test]
fn words_are_found() {
    let desk = open("one\ntwo one\n").keys("\x06one\r");
    assert_eq!((desk.model.place(), page(&desk).text.cursor()), (InputMode::Searching, (1, 4)));
    let desk = desk.keys("\x1b").keys("x");
    assert_eq!(page(&desk).text.whole(), "one\ntwo xone\n");
    let desk = desk.keys("\x06nowhere\r");
    assert_eq!(desk.said(), "`nowhere` not found");
}

#[test]
fn a_paste_of_many_lines_is_text() {
    let mut desk = open("");
    let lines = "# y\n".repeat(10_000);
    desk.input(ConsoleInput::Paste(lines.clone()));
    assert_eq!(page(&desk).text.whole(), lines);
    assert_eq!(page(&desk).text.lines().len(), 10_001);
    assert!(page(&desk).text.top > 9_900, "the cursor is in sight");
    desk.quiet(1000);
    assert_eq!(asks(&desk), [&keep(&lines)]);
    desk.input(ConsoleInput::Paste("x\n".repeat(1_000_000)));
    assert_eq!(desk.said(), "too long for a playbook: nothing was pasted");
    assert_eq!(desk.keys("\x15").model.place(), InputMode::Editor);
}

#[test]
fn the_text_goes_to_the_operators_editor_and_back() {
    let desk = open("a = 1\n").keys("\x05");
    assert_eq!(asks(&desk), [&EditorTask::HandOver { name: "nginx-up".into(), text: "a = 1\n".into() }]);
    let desk = tell(desk, EditorTaskResult::Back { text: "a = 2\n".into() });
    assert_eq!((page(&desk).text.whole().as_str(), page(&desk).changed()), ("a = 2\n", true));
}

#[test]
fn the_last_words_are_kept_when_the_console_ends() {
    let mut desk = open("").burst("last words");
    assert_eq!(super::super::update::rest(&mut desk.model), [keep("last words")]);
    assert_eq!(super::super::update::rest(&mut desk.model), []);
}

#[test]
fn a_word_is_completed_from_the_schema() {
    let at_end = "\x1b[6~\x1b[F";
    let desk = open(&GOOD.replacen("[verify]", "[ver", 1)).keys(&"\x1b[B".repeat(15)).keys("\x1b[F\t");
    assert_eq!(page(&desk).text.whole(), GOOD, "the only one is taken at once");
    let begun = "title = \"x\"\n[detect]\n";
    let desk = open(begun).keys(at_end).keys("\t");
    assert_eq!(desk.model.place(), InputMode::Completing);
    let EditorFocus::Completing { completion, at: 0 } = &page(&desk).stage else { panic!("{:?}", page(&desk).stage) };
    let second = completion.candidates[1].insert.clone();
    let desk = desk.keys("\t\r");
    assert_eq!((page(&desk).text.whole(), desk.model.place()), (format!("{begun}{second}"), InputMode::Editor));
    assert_eq!(page(&desk.keys("\x15")).text.whole(), begun, "one step back");
}

#[test]
fn typing_on_narrows_what_is_offered() {
    let desk = open("title = \"x\"\n[detect]\n").keys("\x1b[6~\x1b[F\t");
    let offered = |desk: &Desk| match &page(desk).stage {
        EditorFocus::Completing { completion, .. } => completion.candidates.len(),
        _ => 0,
    };
    let all = offered(&desk);
    let desk = desk.keys("f");
    assert!(offered(&desk) < all && offered(&desk) > 0, "{} of {all}", offered(&desk));
    let desk = desk.keys("qqqq");
    assert_eq!((offered(&desk), desk.model.place()), (0, InputMode::Editor));
    assert!(page(&desk).text.whole().ends_with("[detect]\nfqqqq"), "what was typed is text");
    let desk = open("zzz = ").keys("\x1b[F\t");
    assert_eq!(desk.said(), "no completion");
}

/// On the page of the incident on nginx.
fn at_incident() -> Desk {
    Desk::new(fixture::trouble()).keys("Ij\r")
}

#[test]
fn a_one_off_is_written_against_an_open_incident_and_does_nothing_of_itself() {
    let mut desk = at_incident();
    let Some(OpenPage::Incident { id, .. }) = desk.model.pages.last().cloned() else { panic!("no incident") };
    desk = desk.keys("o");
    let Some(EditorTask::Begin { name, text, one_off: true }) = asks(&desk).last() else { panic!("{:?}", asks(&desk)) };
    assert_eq!(**name, format!("one-off-{}", id.0));
    let read = crate::playbook::read::read("x.toml", name, crate::playbook::Origin::User("/x.toml".into()), text);
    let playbook = read.playbook.unwrap_or_else(|| panic!("{:#?}", read.diagnostics));
    assert_eq!(playbook.mode, crate::playbook::Mode::Shadow);
}

#[test]
fn what_is_run_is_what_is_saved_and_in_force_after_a_yes() {
    // the fixture's own playbook, with one target: its text is known to the engine already
    let source = fixture::trouble().playbooks.iter().find(|view| &*view.name == "disk-full").unwrap().source.clone();
    let mut desk = Desk::new(fixture::trouble());
    let mut own = subject("disk-full", GOOD);
    own.opened = None;
    desk.input(ConsoleInput::Author(EditorTaskResult::Opened { subject: own, draft: None }));
    let desk = desk.keys("\x0f");
    assert!(matches!(asks(&desk).last(), Some(EditorTask::Save { .. })), "saved first");
    let desk = tell(desk, EditorTaskResult::Saved { text: Arc::clone(&source) });
    assert_eq!(desk.model.place(), InputMode::Question, "the engine has read it: now the yes");
    assert!(desk.commands().is_empty());
    assert!(matches!(desk.asked.last(), Some(ConsoleEffect::Plan(_))), "with its plan: {:?}", desk.asked);
}

#[test]
fn a_text_with_mistakes_is_not_run_and_no_question_comes_late() {
    let desk = open("title = 1\n").keys("\x0f");
    assert_eq!(desk.said(), "the playbook has errors: nothing was run (Ctrl-N shows the next)");
    assert!(asks(&desk).is_empty());
    let desk = tell(open(GOOD).keys("\x0f").keys("#"), EditorTaskResult::Saved { text: GOOD.into() });
    assert_eq!(desk.now(fixture::trouble()).model.place(), InputMode::Editor);
}

#[test]
fn a_one_off_is_kept_or_thrown_away() {
    let one_off = || {
        let mut desk = Desk::new(fixture::trouble());
        let subject = EditedFile { kind: DocumentKind::OneOff, ..subject("one-off-41", GOOD) };
        desk.input(ConsoleInput::Author(EditorTaskResult::Opened { subject, draft: None }));
        desk.keys("\x1b")
    };
    assert_eq!(one_off().model.place(), InputMode::Keeping);
    assert_eq!(one_off().keys("\x1b").model.place(), InputMode::Editor);
    let kept = one_off().keys("k");
    assert_eq!((kept.model.place(), asks(&kept).len()), (InputMode::Main, 0));
    let desk = one_off().keys("x");
    assert!(matches!(asks(&desk).last(), Some(EditorTask::Remove { .. })));
    let desk = tell(desk, EditorTaskResult::Removed { aside: "/p/one-off-41.toml~".into() });
    assert_eq!(
        (desk.model.place(), desk.said()),
        (InputMode::Main, "deleted: a copy of its text is in /p/one-off-41.toml~")
    );
}

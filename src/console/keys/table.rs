//! The table itself, in the order in which help and footer show it.

use crossterm::event::KeyCode;

use super::KeyStroke::{Ctrl, Named, Sign};
use super::{KeyAction, KeyBinding, KeyStroke};
use crate::console::keys::Act;
use crate::console::keys::InputMode::{
    self, Approval, Begin, Completing, Conflict, Editor, Finding, Form, Incident, Keeping, Leaving, List, Main, Naming,
    Offered, Playbook, Question, Searching, Text, Typing,
};

const ROWS: &[InputMode] = &[Main, List];
const PAGES: &[InputMode] = &[Incident, Approval, Playbook, Text, Question];
pub(super) const ALL_READ: &[InputMode] = &[Main, List, Incident, Approval, Playbook, Text];
const SCROLLS: &[InputMode] = &[Main, List, Incident, Approval, Playbook, Text, Question, Conflict];
const NO_REVIEW: &[InputMode] = &[Main, List, Incident, Playbook, Text];
const OVERLAYS: &[InputMode] = &[Form, Question, Typing, Naming];
const EVERYWHERE: &[InputMode] = &[
    Main, List, Incident, Approval, Playbook, Text, Form, Question, Typing, Naming, Finding, Editor, Searching,
    Leaving, Conflict, Offered, Completing, Begin, Keeping,
];
const ASKED: &[InputMode] = &[Leaving, Conflict, Keeping];

const fn key(strokes: &'static [KeyStroke], label: &'static str, verb: KeyAction, what: &'static str) -> KeyBinding {
    KeyBinding { strokes, label, ascii: label, what, footer: None, places: ALL_READ, acts: false, staged: false, verb }
}

impl KeyBinding {
    const fn twin(self, ascii: &'static str) -> Self {
        Self { ascii, ..self }
    }

    const fn at(self, places: &'static [InputMode]) -> Self {
        Self { places, ..self }
    }

    const fn short(self, footer: &'static str) -> Self {
        Self { footer: Some(footer), ..self }
    }

    const fn acting(self) -> Self {
        Self { acts: true, ..self }
    }

    const fn staged(self) -> Self {
        Self { staged: true, ..self }
    }
}

/// Every key there is, in the order of footer and help.
pub const TABLE: &[KeyBinding] = &[
    key(&[Sign('y')], "y", KeyAction::Yes, "approve the plan that is shown (high risk: then type the target's name)")
        .at(&[Approval])
        .short("approve")
        .acting(),
    key(&[Sign('x')], "x", KeyAction::Decline, "decline the request, with a reason")
        .at(&[Approval])
        .short("decline")
        .acting(),
    key(&[Sign('y')], "y", KeyAction::Submit, "yes").at(&[Question]).short("yes"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Submit, "submit the form").at(&[Form]).short("submit"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Yes, "approve, once the name is complete")
        .at(&[Naming])
        .short("approve")
        .acting(),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Submit, "accept").at(&[Typing]).short("accept"),
    key(&[Ctrl('s')], "Ctrl-S", KeyAction::Write(Act::Save), "save the playbook to its file")
        .at(&[Editor])
        .short("save"),
    key(
        &[Named(KeyCode::Tab), Ctrl(' ')],
        "Tab",
        KeyAction::Write(Act::Complete),
        "complete the word (also Ctrl-Space)",
    )
    .at(&[Editor])
    .short("complete"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Submit, "accept this choice or name")
        .at(&[Begin])
        .short("accept"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", KeyAction::Next, "next row").at(&[Begin]).short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", KeyAction::Previous, "previous row").at(&[Begin]),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "to the previous question; nothing is written yet")
        .at(&[Begin])
        .short("back"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Submit, "insert it").at(&[Completing]).short("accept"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", KeyAction::Next, "next suggestion")
        .at(&[Completing])
        .short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", KeyAction::Previous, "previous suggestion")
        .at(&[Completing]),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "insert nothing").at(&[Completing]).short("cancel"),
    key(&[Ctrl('n')], "Ctrl-N", KeyAction::Write(Act::NextMistake), "to the next error").at(&[Editor]).short("error"),
    key(&[Ctrl('p')], "Ctrl-P", KeyAction::Write(Act::PreviousMistake), "to the previous error").at(&[Editor]),
    key(&[Ctrl('d')], "Ctrl-D", KeyAction::Try, "dry run: shows what it would do now, runs nothing (again: close)")
        .at(&[Editor])
        .short("dry run"),
    key(
        &[Ctrl('o')],
        "Ctrl-O",
        KeyAction::Write(Act::Run),
        "run it once: save it, confirm, then run it through the gate",
    )
    .at(&[Editor]),
    key(&[Ctrl('v')], "Ctrl-V", KeyAction::Write(Act::ScrollTried), "next page of the dry run").at(&[Editor]),
    key(&[Ctrl('f')], "Ctrl-F", KeyAction::Write(Act::Find), "search the text").at(&[Editor]).short("find"),
    key(&[Ctrl('u'), Ctrl('z')], "Ctrl-U", KeyAction::Write(Act::Undo), "undo (also Ctrl-Z)")
        .at(&[Editor])
        .short("undo"),
    key(&[Ctrl('r')], "Ctrl-R", KeyAction::Write(Act::Redo), "redo").at(&[Editor]),
    key(&[Ctrl('k')], "Ctrl-K", KeyAction::Write(Act::CutLine), "cut the line").at(&[Editor]),
    key(&[Ctrl('y')], "Ctrl-Y", KeyAction::Write(Act::Put), "paste what was cut").at(&[Editor]),
    key(&[Ctrl('e')], "Ctrl-E", KeyAction::Write(Act::HandOver), "edit the text in $EDITOR")
        .at(&[Editor])
        .short("$EDITOR"),
    key(&[Named(KeyCode::Down)], "↓", KeyAction::Down, "line down").twin("Down").at(&[Editor]),
    key(&[Named(KeyCode::Up)], "↑", KeyAction::Up, "line up").twin("Up").at(&[Editor]),
    key(&[Named(KeyCode::PageDown)], "PgDn", KeyAction::PageDown, "page down").at(&[Editor]),
    key(&[Named(KeyCode::PageUp)], "PgUp", KeyAction::PageUp, "page up").at(&[Editor]),
    key(&[Ctrl('g')], "Ctrl-G", KeyAction::Help, "all keys, the editor's first").at(&[Editor]).short("all keys"),
    key(&[Named(KeyCode::Enter), Named(KeyCode::Down)], "Enter", KeyAction::Next, "to the next match")
        .at(&[Searching])
        .short("next"),
    key(&[Named(KeyCode::Up)], "↑", KeyAction::Previous, "to the previous match")
        .twin("Up")
        .at(&[Searching])
        .short("previous"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "close the search and stay at the match")
        .at(&[Searching])
        .short("edit"),
    key(&[Sign('s')], "s", KeyAction::Write(Act::Save), "save and leave").at(&[Leaving]).short("save"),
    key(&[Sign('d')], "d", KeyAction::Write(Act::KeepDraft), "leave and keep a draft").at(&[Leaving]).short("draft"),
    key(&[Sign('x')], "x", KeyAction::Write(Act::Discard), "leave and discard the changes")
        .at(&[Leaving])
        .short("discard"),
    key(&[Sign('k')], "k", KeyAction::Write(Act::Keep), "keep the one-off playbook").at(&[Keeping]).short("keep"),
    key(
        &[Sign('x')],
        "x",
        KeyAction::Write(Act::Remove),
        "delete the one-off playbook; a copy of its text is kept beside it",
    )
    .at(&[Keeping])
    .short("delete"),
    key(&[Sign('m')], "m", KeyAction::Write(Act::Mine), "save my version over theirs").at(&[Conflict]).short("mine"),
    key(&[Sign('t')], "t", KeyAction::Write(Act::Theirs), "load their version; one undo brings mine back")
        .at(&[Conflict])
        .short("theirs"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "continue editing").at(ASKED).short("edit"),
    key(&[Sign('y')], "y", KeyAction::Write(Act::GoOn), "continue with the draft").at(&[Offered]).short("continue"),
    key(&[Sign('x')], "x", KeyAction::Write(Act::Discard), "discard the draft and open the file")
        .at(&[Offered])
        .short("discard"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "back; the draft is kept")
        .at(&[Offered])
        .short("back"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "back; asks first if changes would be lost")
        .at(&[Editor])
        .short("back"),
    key(&[Named(KeyCode::Left)], "←", KeyAction::ChoiceBefore, "previous choice").twin("Left").at(&[Form]),
    key(&[Named(KeyCode::Right)], "→", KeyAction::ChoiceAfter, "next choice").twin("Right").at(&[Form]).short("choose"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", KeyAction::Next, "next field or row")
        .at(&[Form, Typing])
        .short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", KeyAction::Previous, "previous field or row")
        .at(&[Form, Typing]),
    key(&[Named(KeyCode::Enter), Named(KeyCode::Down)], "Enter", KeyAction::Next, "to the next match")
        .at(&[Finding])
        .short("next"),
    key(&[Named(KeyCode::Up)], "↑", KeyAction::Previous, "to the previous match")
        .twin("Up")
        .at(&[Finding])
        .short("previous"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "close the search and stay at the match")
        .at(&[Finding])
        .short("done"),
    key(&[Named(KeyCode::Esc)], "Esc", KeyAction::Back, "cancel").at(OVERLAYS).short("cancel"),
    key(&[Named(KeyCode::Esc)], "Esc", KeyAction::Back, "back; changes nothing").at(NO_REVIEW).short("back"),
    key(&[Named(KeyCode::Esc)], "Esc", KeyAction::Back, "back; the request stays open").at(&[Approval]).short("back"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Open, "open what the cursor is on").at(ROWS).short("open"),
    key(&[Sign('F')], "F", KeyAction::Break, "in `salve demo`: break something and watch salve fix it")
        .at(ROWS)
        .short("break something")
        .staged(),
    key(&[Sign('a')], "a", KeyAction::Review, "review what awaits approval").at(NO_REVIEW).short("review"),
    key(&[Sign('c')], "c", KeyAction::Acknowledge, "acknowledge the page").at(&[Main, Incident]).short("ack").acting(),
    key(&[Sign('p')], "p", KeyAction::Pause, "pause the host or a playbook; resume it if it is paused")
        .at(NO_REVIEW)
        .short("pause")
        .acting(),
    key(&[Sign('R')], "R", KeyAction::Resume, "resume what is paused").at(NO_REVIEW).acting(),
    key(&[Sign('w')], "w", KeyAction::Schedule, "plan maintenance: a pause that starts at a time you set")
        .at(NO_REVIEW)
        .acting(),
    key(&[Sign('W')], "W", KeyAction::Held, "list what is paused, planned or snoozed; Enter ends it").at(NO_REVIEW),
    key(&[Sign('s')], "s", KeyAction::Snooze, "snooze this target: no attempts for a while; again: end the snooze")
        .at(&[Main, List, Incident, Playbook])
        .short("snooze")
        .acting(),
    key(&[Sign('e')], "e", KeyAction::Edit, "edit the playbook (a copy if it is shipped with salve)")
        .at(&[Main, List, Incident, Playbook])
        .short("edit")
        .acting(),
    key(&[Sign('n')], "n", KeyAction::New, "write a new playbook, from a template and this host's targets")
        .at(&[Main, List, Incident, Playbook])
        .acting(),
    key(&[Sign('o')], "o", KeyAction::OneOff, "write a one-off playbook for this incident, try it, run it once")
        .at(&[Incident])
        .acting(),
    key(&[Sign('A')], "A", KeyAction::Arm, "arm the playbook; again: back to shadow mode")
        .at(&[Main, List, Incident, Playbook])
        .short("arm")
        .acting(),
    key(
        &[Sign('r')],
        "r",
        KeyAction::RunNow,
        "run the playbook on this target now, through the gate; shows the plan first",
    )
    .at(&[Main, List, Incident, Playbook])
    .short("run")
    .acting(),
    key(&[Sign('b')], "b", KeyAction::Breaker, "reset or latch this target's breaker")
        .at(&[Main, List, Incident, Playbook])
        .short("breaker")
        .acting(),
    key(&[Sign('d')], "d", KeyAction::Try, "dry run: shows what the playbook would do now, runs nothing")
        .at(&[Playbook])
        .short("dry run"),
    key(&[Sign('d')], "d", KeyAction::Try, "dry run: shows what its playbook would do now, runs nothing")
        .at(&[Main, List, Incident]),
    key(&[Sign('C')], "C", KeyAction::Close, "close the open incident manually").at(&[Main, Incident]).acting(),
    key(&[Sign('/')], "/", KeyAction::Filter, "filter the rows").at(ROWS).short("filter"),
    key(&[Sign('/')], "/", KeyAction::Find, "search this page").at(&[Incident, Playbook, Text]).short("find"),
    key(&[Named(KeyCode::Tab)], "Tab", KeyAction::Next, "select the next attempt, to copy it alone").at(&[Incident]),
    key(&[Named(KeyCode::BackTab)], "Shift-Tab", KeyAction::Previous, "select the previous attempt").at(&[Incident]),
    key(&[Sign('<')], "<", KeyAction::OlderIncident, "to the incident with the next lower number").at(&[Incident]),
    key(&[Sign('>')], ">", KeyAction::NewerIncident, "to the incident with the next higher number").at(&[Incident]),
    key(&[Sign('x')], "x", KeyAction::Export, "export the incident as Markdown to a new file in the working folder")
        .at(&[Incident])
        .short("export"),
    key(&[Sign(':')], ":", KeyAction::Palette, "find a command, target, incident, playbook or theme by name")
        .short("command"),
    key(&[Named(KeyCode::Tab)], "Tab", KeyAction::Next, "next pane").at(&[Main]).short("pane"),
    key(&[Named(KeyCode::BackTab)], "Shift-Tab", KeyAction::Previous, "previous pane").at(&[Main]),
    key(&[Sign('1')], "1", KeyAction::Pane(1), "to the detectors").at(&[Main]),
    key(&[Sign('2')], "2", KeyAction::Pane(2), "to what needs action").at(&[Main]),
    key(&[Sign('3')], "3", KeyAction::Pane(3), "to the breakers").at(&[Main]),
    key(&[Sign('4')], "4", KeyAction::Pane(4), "to the timeline").at(&[Main]),
    key(&[Sign('5')], "5", KeyAction::Pane(5), "to the success rate").at(&[Main]),
    key(&[Sign('B')], "B", KeyAction::Playbooks, "list all playbooks, rejected ones first").at(NO_REVIEW),
    key(&[Sign('I')], "I", KeyAction::Incidents, "list all incidents, open and closed").at(NO_REVIEW),
    key(&[Sign('J')], "J", KeyAction::Journal, "the journal's events, latest first").at(NO_REVIEW),
    key(&[Sign('M')], "M", KeyAction::Messages, "messages").at(NO_REVIEW),
    key(&[Sign('E')], "E", KeyAction::Engine, "how the engine itself does: delays, writes, queues").at(NO_REVIEW),
    key(&[Sign('S')], "S", KeyAction::Rates, "the success rate by period and playbook, and what to improve")
        .at(NO_REVIEW),
    key(
        &[Sign('[')],
        "[",
        KeyAction::Earlier,
        "go back in time by one event; every pane shows that moment, actions are off",
    )
    .at(NO_REVIEW)
    .short("earlier"),
    key(&[Sign(']')], "]", KeyAction::Later, "back in time: one event later").at(NO_REVIEW).short("later"),
    key(&[Sign('{')], "{", KeyAction::IncidentBefore, "go back in time to the opening of the previous incident")
        .at(NO_REVIEW)
        .short("previous incident"),
    key(&[Sign('}')], "}", KeyAction::IncidentAfter, "back in time: to the opening of the next incident")
        .at(NO_REVIEW)
        .short("next incident"),
    key(&[Sign('t')], "t", KeyAction::Live, "return to live, and to the page where you were")
        .at(NO_REVIEW)
        .short("live"),
    key(&[Sign('y')], "y", KeyAction::Copy, "copy the page, or the selected attempt, to the clipboard (OSC 52)")
        .at(&[List, Incident, Playbook, Text]),
    key(&[Sign('j'), Named(KeyCode::Down)], "j ↓", KeyAction::Down, "down").twin("j Down").at(SCROLLS),
    key(&[Sign('k'), Named(KeyCode::Up)], "k ↑", KeyAction::Up, "up").twin("k Up").at(SCROLLS),
    key(&[Named(KeyCode::PageDown), Sign(' ')], "PgDn", KeyAction::PageDown, "page down (also Space)")
        .at(PAGES)
        .short("more"),
    key(&[Named(KeyCode::PageDown)], "PgDn", KeyAction::PageDown, "page down").at(&[Main, List, Naming, Conflict]),
    key(&[Named(KeyCode::PageUp)], "PgUp", KeyAction::PageUp, "page up")
        .at(&[Main, List, Incident, Approval, Playbook, Text, Naming, Question, Conflict]),
    key(&[Sign('g'), Named(KeyCode::Home)], "g", KeyAction::First, "to the first row (also Home)"),
    key(&[Sign('G'), Named(KeyCode::End)], "G", KeyAction::Last, "to the last row (also End)"),
    key(
        &[Sign('m')],
        "m",
        KeyAction::Mouse,
        "turn the mouse on (click, wheel, footer keys) or off (select text as usual)",
    ),
    key(&[Ctrl('l')], "Ctrl-L", KeyAction::Redraw, "redraw the screen").at(EVERYWHERE),
    key(&[Ctrl('z')], "Ctrl-Z", KeyAction::Suspend, "suspend the console (not if remediation runs inside it)"),
    key(&[Sign('q'), Ctrl('c')], "q", KeyAction::Quit, "quit (also Ctrl-C)").at(&[Main]).short("quit"),
    key(&[Sign('q'), Ctrl('c')], "q", KeyAction::Back, "back (also Ctrl-C)")
        .at(&[List, Incident, Playbook, Text, Approval]),
    key(&[Ctrl('c')], "Ctrl-C", KeyAction::Back, "cancel").at(OVERLAYS),
    key(&[Sign('?')], "?", KeyAction::Help, "all keys, this page's first").short("all keys"),
];

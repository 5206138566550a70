//! The table itself, in the order in which help and footer show it.

use crossterm::event::KeyCode;

use super::KeyStroke::{Ctrl, Named, Sign};
use super::{KeyAction, KeyBinding, KeyStroke};
use crate::console::editor::Act;
use crate::console::model::InputMode::{
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
    key(
        &[Sign('y')],
        "y",
        KeyAction::Yes,
        "approve exactly what is shown (high risk: begin to type the target's name)",
    )
    .at(&[Approval])
    .short("approve")
    .acting(),
    key(&[Sign('x')], "x", KeyAction::Decline, "decline the request, with a reason")
        .at(&[Approval])
        .short("decline")
        .acting(),
    key(&[Sign('y')], "y", KeyAction::Submit, "yes").at(&[Question]).short("yes"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Submit, "answer with what the fields hold")
        .at(&[Form])
        .short("answer"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Yes, "approve, once the name is complete")
        .at(&[Naming])
        .short("approve")
        .acting(),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Submit, "take it").at(&[Typing]).short("take it"),
    key(&[Ctrl('s')], "Ctrl-S", KeyAction::Write(Act::Save), "save the playbook to its file")
        .at(&[Editor])
        .short("save"),
    key(
        &[Named(KeyCode::Tab), Ctrl(' ')],
        "Tab",
        KeyAction::Write(Act::Complete),
        "what may stand here (also Ctrl-Space)",
    )
    .at(&[Editor])
    .short("complete"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Submit, "take this one, or this name")
        .at(&[Begin])
        .short("take it"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", KeyAction::Next, "the next row")
        .at(&[Begin])
        .short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", KeyAction::Previous, "the row before")
        .at(&[Begin]),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "the question before; nothing is written yet")
        .at(&[Begin])
        .short("back"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Submit, "take it into the text")
        .at(&[Completing])
        .short("take it"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", KeyAction::Next, "the next one")
        .at(&[Completing])
        .short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", KeyAction::Previous, "the one before")
        .at(&[Completing]),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "take none").at(&[Completing]).short("none"),
    key(&[Ctrl('n')], "Ctrl-N", KeyAction::Write(Act::NextMistake), "to the next mistake")
        .at(&[Editor])
        .short("mistake"),
    key(&[Ctrl('p')], "Ctrl-P", KeyAction::Write(Act::PreviousMistake), "to the mistake before").at(&[Editor]),
    key(&[Ctrl('d')], "Ctrl-D", KeyAction::Try, "dry run: what it would do now (again: close it); nothing is run")
        .at(&[Editor])
        .short("dry run"),
    key(
        &[Ctrl('o')],
        "Ctrl-O",
        KeyAction::Write(Act::Run),
        "run it once: saves it, asks you, then runs through the gate",
    )
    .at(&[Editor]),
    key(&[Ctrl('v')], "Ctrl-V", KeyAction::Write(Act::ScrollTried), "more of the dry run").at(&[Editor]),
    key(&[Ctrl('f')], "Ctrl-F", KeyAction::Write(Act::Find), "find words in the text").at(&[Editor]).short("find"),
    key(&[Ctrl('u'), Ctrl('z')], "Ctrl-U", KeyAction::Write(Act::Undo), "take a change back (also Ctrl-Z)")
        .at(&[Editor])
        .short("undo"),
    key(&[Ctrl('r')], "Ctrl-R", KeyAction::Write(Act::Redo), "make a change again that was taken back").at(&[Editor]),
    key(&[Ctrl('k')], "Ctrl-K", KeyAction::Write(Act::CutLine), "cut the line out").at(&[Editor]),
    key(&[Ctrl('y')], "Ctrl-Y", KeyAction::Write(Act::Put), "put back what was cut").at(&[Editor]),
    key(&[Ctrl('e')], "Ctrl-E", KeyAction::Write(Act::HandOver), "hand the text to $EDITOR and take it back")
        .at(&[Editor])
        .short("$EDITOR"),
    key(&[Named(KeyCode::Down)], "↓", KeyAction::Down, "a line down").twin("Down").at(&[Editor]),
    key(&[Named(KeyCode::Up)], "↑", KeyAction::Up, "a line up").twin("Up").at(&[Editor]),
    key(&[Named(KeyCode::PageDown)], "PgDn", KeyAction::PageDown, "a screen of text down").at(&[Editor]),
    key(&[Named(KeyCode::PageUp)], "PgUp", KeyAction::PageUp, "a screen of text up").at(&[Editor]),
    key(&[Ctrl('g')], "Ctrl-G", KeyAction::Help, "all keys, those of the editor first").at(&[Editor]).short("all keys"),
    key(
        &[Named(KeyCode::Enter), Named(KeyCode::Down)],
        "Enter",
        KeyAction::Next,
        "to the next place that holds the words",
    )
    .at(&[Searching])
    .short("next"),
    key(&[Named(KeyCode::Up)], "↑", KeyAction::Previous, "to the place before")
        .twin("Up")
        .at(&[Searching])
        .short("before"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "back to writing, at the place that was found")
        .at(&[Searching])
        .short("write on"),
    key(&[Sign('s')], "s", KeyAction::Write(Act::Save), "save it and leave").at(&[Leaving]).short("save"),
    key(&[Sign('d')], "d", KeyAction::Write(Act::KeepDraft), "leave, and keep it as a draft")
        .at(&[Leaving])
        .short("draft"),
    key(&[Sign('x')], "x", KeyAction::Write(Act::Discard), "leave, and forget what was typed")
        .at(&[Leaving])
        .short("discard"),
    key(&[Sign('k')], "k", KeyAction::Write(Act::Keep), "keep the one-off as it is").at(&[Keeping]).short("keep"),
    key(&[Sign('x')], "x", KeyAction::Write(Act::Remove), "throw the one-off away; its text stays beside it")
        .at(&[Keeping])
        .short("throw away"),
    key(&[Sign('m')], "m", KeyAction::Write(Act::Mine), "save mine over theirs").at(&[Conflict]).short("mine"),
    key(&[Sign('t')], "t", KeyAction::Write(Act::Theirs), "take theirs; one undo brings mine back")
        .at(&[Conflict])
        .short("theirs"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "go on writing").at(ASKED).short("write on"),
    key(&[Sign('y')], "y", KeyAction::Write(Act::GoOn), "go on with the draft").at(&[Offered]).short("go on"),
    key(&[Sign('x')], "x", KeyAction::Write(Act::Discard), "forget the draft and begin with the file")
        .at(&[Offered])
        .short("forget it"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "back; the draft stays")
        .at(&[Offered])
        .short("back"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "back; asks first where something would be lost")
        .at(&[Editor])
        .short("back"),
    key(&[Named(KeyCode::Left)], "←", KeyAction::ChoiceBefore, "the choice before").twin("Left").at(&[Form]),
    key(&[Named(KeyCode::Right)], "→", KeyAction::ChoiceAfter, "the next choice")
        .twin("Right")
        .at(&[Form])
        .short("choose"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", KeyAction::Next, "the next field or row")
        .at(&[Form, Typing])
        .short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", KeyAction::Previous, "the field or row before")
        .at(&[Form, Typing]),
    key(
        &[Named(KeyCode::Enter), Named(KeyCode::Down)],
        "Enter",
        KeyAction::Next,
        "to the next place that holds the words",
    )
    .at(&[Finding])
    .short("next"),
    key(&[Named(KeyCode::Up)], "↑", KeyAction::Previous, "to the place before")
        .twin("Up")
        .at(&[Finding])
        .short("before"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", KeyAction::Back, "done: stay at the place that was found")
        .at(&[Finding])
        .short("done"),
    key(&[Named(KeyCode::Esc)], "Esc", KeyAction::Back, "leave it, nothing happens").at(OVERLAYS).short("leave"),
    key(&[Named(KeyCode::Esc)], "Esc", KeyAction::Back, "back; never changes anything").at(NO_REVIEW).short("back"),
    key(&[Named(KeyCode::Esc)], "Esc", KeyAction::Back, "back; the request stays open").at(&[Approval]).short("back"),
    key(&[Named(KeyCode::Enter)], "Enter", KeyAction::Open, "open what the cursor is on").at(ROWS).short("open"),
    key(&[Sign('F')], "F", KeyAction::Break, "in `salve demo`: break something, and watch it heal")
        .at(ROWS)
        .short("break something")
        .staged(),
    key(&[Sign('a')], "a", KeyAction::Review, "review what awaits approval").at(NO_REVIEW).short("review"),
    key(&[Sign('c')], "c", KeyAction::Acknowledge, "acknowledge the page: you are on it")
        .at(&[Main, Incident])
        .short("ack")
        .acting(),
    key(&[Sign('p')], "p", KeyAction::Pause, "pause the host or a playbook; resume it if it is paused")
        .at(NO_REVIEW)
        .short("pause")
        .acting(),
    key(&[Sign('R')], "R", KeyAction::Resume, "resume what is paused").at(NO_REVIEW).acting(),
    key(&[Sign('w')], "w", KeyAction::Schedule, "plan maintenance: a pause that begins at a moment you name")
        .at(NO_REVIEW)
        .acting(),
    key(&[Sign('W')], "W", KeyAction::Held, "what is paused, planned or snoozed; Enter ends it").at(NO_REVIEW),
    key(&[Sign('s')], "s", KeyAction::Snooze, "leave this target alone for a time; again: end it")
        .at(&[Main, List, Incident, Playbook])
        .short("snooze")
        .acting(),
    key(&[Sign('e')], "e", KeyAction::Edit, "edit the playbook (a copy, if it is a shipped one)")
        .at(&[Main, List, Incident, Playbook])
        .short("edit")
        .acting(),
    key(&[Sign('n')], "n", KeyAction::New, "a new playbook, from what can fail and what is on this host")
        .at(&[Main, List, Incident, Playbook])
        .acting(),
    key(&[Sign('o')], "o", KeyAction::OneOff, "a one-off against this incident: write it, try it, run it once")
        .at(&[Incident])
        .acting(),
    key(&[Sign('A')], "A", KeyAction::Arm, "arm the playbook; again: back to shadow")
        .at(&[Main, List, Incident, Playbook])
        .short("arm")
        .acting(),
    key(
        &[Sign('r')],
        "r",
        KeyAction::RunNow,
        "run the playbook on this target now, through the gate; its plan is shown first",
    )
    .at(&[Main, List, Incident, Playbook])
    .short("run")
    .acting(),
    key(&[Sign('b')], "b", KeyAction::Breaker, "reset or latch this target's breaker")
        .at(&[Main, List, Incident, Playbook])
        .short("breaker")
        .acting(),
    key(&[Sign('d')], "d", KeyAction::Try, "dry run: what the playbook would do now; nothing is run")
        .at(&[Playbook])
        .short("dry run"),
    key(&[Sign('d')], "d", KeyAction::Try, "dry run: what its playbook would do now; nothing is run")
        .at(&[Main, List, Incident]),
    key(&[Sign('C')], "C", KeyAction::Close, "close the open incident by hand").at(&[Main, Incident]).acting(),
    key(&[Sign('/')], "/", KeyAction::Filter, "show only the rows that hold these words").at(ROWS).short("filter"),
    key(&[Sign('/')], "/", KeyAction::Find, "find words in this page").at(&[Incident, Playbook, Text]).short("find"),
    key(&[Named(KeyCode::Tab)], "Tab", KeyAction::Next, "choose the next attempt, to copy it by itself")
        .at(&[Incident]),
    key(&[Named(KeyCode::BackTab)], "Shift-Tab", KeyAction::Previous, "choose the attempt before").at(&[Incident]),
    key(&[Sign('<')], "<", KeyAction::OlderIncident, "to the incident numbered below, however long ago")
        .at(&[Incident]),
    key(&[Sign('>')], ">", KeyAction::NewerIncident, "to the incident numbered above").at(&[Incident]),
    key(&[Sign('x')], "x", KeyAction::Export, "write the incident as Markdown to a new file in the working folder")
        .at(&[Incident])
        .short("export"),
    key(&[Sign(':')], ":", KeyAction::Palette, "find any command, playbook or theme by its name").short("command"),
    key(&[Named(KeyCode::Tab)], "Tab", KeyAction::Next, "the next pane").at(&[Main]).short("pane"),
    key(&[Named(KeyCode::BackTab)], "Shift-Tab", KeyAction::Previous, "the pane before").at(&[Main]),
    key(&[Sign('1')], "1", KeyAction::Pane(1), "to the detectors").at(&[Main]),
    key(&[Sign('2')], "2", KeyAction::Pane(2), "to what needs action").at(&[Main]),
    key(&[Sign('3')], "3", KeyAction::Pane(3), "to the breakers").at(&[Main]),
    key(&[Sign('4')], "4", KeyAction::Pane(4), "to the timeline").at(&[Main]),
    key(&[Sign('5')], "5", KeyAction::Pane(5), "to the success rate").at(&[Main]),
    key(&[Sign('B')], "B", KeyAction::Playbooks, "all playbooks, rejected ones first").at(NO_REVIEW),
    key(&[Sign('I')], "I", KeyAction::Incidents, "all incidents, open and closed").at(NO_REVIEW),
    key(&[Sign('J')], "J", KeyAction::Journal, "what happened, latest first").at(NO_REVIEW),
    key(&[Sign('M')], "M", KeyAction::Messages, "what salve had to say").at(NO_REVIEW),
    key(&[Sign('S')], "S", KeyAction::Rates, "the success rate: by window and playbook, and what to do about it")
        .at(NO_REVIEW),
    key(
        &[Sign('[')],
        "[",
        KeyAction::Earlier,
        "look back: one event earlier; every pane shows that moment, nothing acts",
    )
    .at(NO_REVIEW)
    .short("earlier"),
    key(&[Sign(']')], "]", KeyAction::Later, "looking back: one event later").at(NO_REVIEW).short("later"),
    key(&[Sign('{')], "{", KeyAction::IncidentBefore, "look back to where the incident before was opened")
        .at(NO_REVIEW)
        .short("incident before"),
    key(&[Sign('}')], "}", KeyAction::IncidentAfter, "looking back: to where the next incident was opened")
        .at(NO_REVIEW)
        .short("incident after"),
    key(&[Sign('t')], "t", KeyAction::Live, "from looking back to live, and to the place where you were")
        .at(NO_REVIEW)
        .short("live"),
    key(&[Sign('y')], "y", KeyAction::Copy, "copy what is shown, or the chosen attempt, to the clipboard (OSC 52)")
        .at(&[List, Incident, Playbook, Text]),
    key(&[Sign('j'), Named(KeyCode::Down)], "j ↓", KeyAction::Down, "down").twin("j Down").at(SCROLLS),
    key(&[Sign('k'), Named(KeyCode::Up)], "k ↑", KeyAction::Up, "up").twin("k Up").at(SCROLLS),
    key(&[Named(KeyCode::PageDown), Sign(' ')], "PgDn", KeyAction::PageDown, "a screen down (also Space)")
        .at(PAGES)
        .short("more"),
    key(&[Named(KeyCode::PageDown)], "PgDn", KeyAction::PageDown, "a screen down").at(&[Main, List, Naming, Conflict]),
    key(&[Named(KeyCode::PageUp)], "PgUp", KeyAction::PageUp, "a screen up")
        .at(&[Main, List, Incident, Approval, Playbook, Text, Naming, Question, Conflict]),
    key(&[Sign('g'), Named(KeyCode::Home)], "g", KeyAction::First, "to the first row (also Home)"),
    key(&[Sign('G'), Named(KeyCode::End)], "G", KeyAction::Last, "to the last row (also End)"),
    key(&[Sign('m')], "m", KeyAction::Mouse, "the mouse: click, wheel and the keys below; again: select text as usual"),
    key(&[Ctrl('l')], "Ctrl-L", KeyAction::Redraw, "draw the screen anew").at(EVERYWHERE),
    key(&[Ctrl('z')], "Ctrl-Z", KeyAction::Suspend, "suspend the console, but not where healing runs inside it"),
    key(&[Sign('q'), Ctrl('c')], "q", KeyAction::Quit, "quit (also Ctrl-C)").at(&[Main]).short("quit"),
    key(&[Sign('q'), Ctrl('c')], "q", KeyAction::Back, "back (also Ctrl-C)")
        .at(&[List, Incident, Playbook, Text, Approval]),
    key(&[Ctrl('c')], "Ctrl-C", KeyAction::Back, "leave it, nothing happens").at(OVERLAYS),
    key(&[Sign('?')], "?", KeyAction::Help, "all keys, those of this place first").short("all keys"),
];

//! The table itself, in the order in which help and footer show it.

use crossterm::event::KeyCode;

use super::Stroke::{Ctrl, Named, Sign};
use super::{Binding, Stroke, Verb};
use crate::console::author::Act;
use crate::console::model::Place::{
    self, Approval, Begin, Completing, Conflict, Editor, Finding, Form, Incident, Keeping, Leaving, List, Main, Naming,
    Offered, Playbook, Question, Searching, Text, Typing,
};

const ROWS: &[Place] = &[Main, List];
const PAGES: &[Place] = &[Incident, Approval, Playbook, Text, Question];
pub(super) const ALL_READ: &[Place] = &[Main, List, Incident, Approval, Playbook, Text];
const SCROLLS: &[Place] = &[Main, List, Incident, Approval, Playbook, Text, Question, Conflict];
const NO_REVIEW: &[Place] = &[Main, List, Incident, Playbook, Text];
const OVERLAYS: &[Place] = &[Form, Question, Typing, Naming];
const EVERYWHERE: &[Place] = &[
    Main, List, Incident, Approval, Playbook, Text, Form, Question, Typing, Naming, Finding, Editor, Searching,
    Leaving, Conflict, Offered, Completing, Begin, Keeping,
];
const ASKED: &[Place] = &[Leaving, Conflict, Keeping];

const fn key(strokes: &'static [Stroke], label: &'static str, verb: Verb, what: &'static str) -> Binding {
    Binding { strokes, label, ascii: label, what, footer: None, places: ALL_READ, acts: false, staged: false, verb }
}

impl Binding {
    const fn twin(self, ascii: &'static str) -> Self {
        Self { ascii, ..self }
    }

    const fn at(self, places: &'static [Place]) -> Self {
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
pub const TABLE: &[Binding] = &[
    key(&[Sign('y')], "y", Verb::Yes, "approve exactly what is shown (high risk: begin to type the target's name)")
        .at(&[Approval])
        .short("approve")
        .acting(),
    key(&[Sign('x')], "x", Verb::Decline, "decline the request, with a reason")
        .at(&[Approval])
        .short("decline")
        .acting(),
    key(&[Sign('y')], "y", Verb::Submit, "yes").at(&[Question]).short("yes"),
    key(&[Named(KeyCode::Enter)], "Enter", Verb::Submit, "answer with what the fields hold")
        .at(&[Form])
        .short("answer"),
    key(&[Named(KeyCode::Enter)], "Enter", Verb::Yes, "approve, once the name is complete")
        .at(&[Naming])
        .short("approve")
        .acting(),
    key(&[Named(KeyCode::Enter)], "Enter", Verb::Submit, "take it").at(&[Typing]).short("take it"),
    key(&[Ctrl('s')], "Ctrl-S", Verb::Write(Act::Save), "save the playbook to its file").at(&[Editor]).short("save"),
    key(&[Named(KeyCode::Tab), Ctrl(' ')], "Tab", Verb::Write(Act::Complete), "what may stand here (also Ctrl-Space)")
        .at(&[Editor])
        .short("complete"),
    key(&[Named(KeyCode::Enter)], "Enter", Verb::Submit, "take this one, or this name").at(&[Begin]).short("take it"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", Verb::Next, "the next row").at(&[Begin]).short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", Verb::Previous, "the row before").at(&[Begin]),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", Verb::Back, "the question before; nothing is written yet")
        .at(&[Begin])
        .short("back"),
    key(&[Named(KeyCode::Enter)], "Enter", Verb::Submit, "take it into the text").at(&[Completing]).short("take it"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", Verb::Next, "the next one")
        .at(&[Completing])
        .short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", Verb::Previous, "the one before")
        .at(&[Completing]),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", Verb::Back, "take none").at(&[Completing]).short("none"),
    key(&[Ctrl('n')], "Ctrl-N", Verb::Write(Act::NextMistake), "to the next mistake").at(&[Editor]).short("mistake"),
    key(&[Ctrl('p')], "Ctrl-P", Verb::Write(Act::PreviousMistake), "to the mistake before").at(&[Editor]),
    key(&[Ctrl('d')], "Ctrl-D", Verb::Try, "dry run: what it would do now (again: close it); nothing is run")
        .at(&[Editor])
        .short("dry run"),
    key(&[Ctrl('o')], "Ctrl-O", Verb::Write(Act::Run), "run it once: saves it, asks you, then runs through the gate")
        .at(&[Editor]),
    key(&[Ctrl('v')], "Ctrl-V", Verb::Write(Act::ScrollTried), "more of the dry run").at(&[Editor]),
    key(&[Ctrl('f')], "Ctrl-F", Verb::Write(Act::Find), "find words in the text").at(&[Editor]).short("find"),
    key(&[Ctrl('u'), Ctrl('z')], "Ctrl-U", Verb::Write(Act::Undo), "take a change back (also Ctrl-Z)")
        .at(&[Editor])
        .short("undo"),
    key(&[Ctrl('r')], "Ctrl-R", Verb::Write(Act::Redo), "make a change again that was taken back").at(&[Editor]),
    key(&[Ctrl('k')], "Ctrl-K", Verb::Write(Act::CutLine), "cut the line out").at(&[Editor]),
    key(&[Ctrl('y')], "Ctrl-Y", Verb::Write(Act::Put), "put back what was cut").at(&[Editor]),
    key(&[Ctrl('e')], "Ctrl-E", Verb::Write(Act::HandOver), "hand the text to $EDITOR and take it back")
        .at(&[Editor])
        .short("$EDITOR"),
    key(&[Named(KeyCode::Down)], "↓", Verb::Down, "a line down").twin("Down").at(&[Editor]),
    key(&[Named(KeyCode::Up)], "↑", Verb::Up, "a line up").twin("Up").at(&[Editor]),
    key(&[Named(KeyCode::PageDown)], "PgDn", Verb::PageDown, "a screen of text down").at(&[Editor]),
    key(&[Named(KeyCode::PageUp)], "PgUp", Verb::PageUp, "a screen of text up").at(&[Editor]),
    key(&[Ctrl('g')], "Ctrl-G", Verb::Help, "all keys, those of the editor first").at(&[Editor]).short("all keys"),
    key(&[Named(KeyCode::Enter), Named(KeyCode::Down)], "Enter", Verb::Next, "to the next place that holds the words")
        .at(&[Searching])
        .short("next"),
    key(&[Named(KeyCode::Up)], "↑", Verb::Previous, "to the place before").twin("Up").at(&[Searching]).short("before"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", Verb::Back, "back to writing, at the place that was found")
        .at(&[Searching])
        .short("write on"),
    key(&[Sign('s')], "s", Verb::Write(Act::Save), "save it and leave").at(&[Leaving]).short("save"),
    key(&[Sign('d')], "d", Verb::Write(Act::KeepDraft), "leave, and keep it as a draft").at(&[Leaving]).short("draft"),
    key(&[Sign('x')], "x", Verb::Write(Act::Discard), "leave, and forget what was typed")
        .at(&[Leaving])
        .short("discard"),
    key(&[Sign('k')], "k", Verb::Write(Act::Keep), "keep the one-off as it is").at(&[Keeping]).short("keep"),
    key(&[Sign('x')], "x", Verb::Write(Act::Remove), "throw the one-off away; its text stays beside it")
        .at(&[Keeping])
        .short("throw away"),
    key(&[Sign('m')], "m", Verb::Write(Act::Mine), "save mine over theirs").at(&[Conflict]).short("mine"),
    key(&[Sign('t')], "t", Verb::Write(Act::Theirs), "take theirs; one undo brings mine back")
        .at(&[Conflict])
        .short("theirs"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", Verb::Back, "go on writing").at(ASKED).short("write on"),
    key(&[Sign('y')], "y", Verb::Write(Act::GoOn), "go on with the draft").at(&[Offered]).short("go on"),
    key(&[Sign('x')], "x", Verb::Write(Act::Discard), "forget the draft and begin with the file")
        .at(&[Offered])
        .short("forget it"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", Verb::Back, "back; the draft stays").at(&[Offered]).short("back"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", Verb::Back, "back; asks first where something would be lost")
        .at(&[Editor])
        .short("back"),
    key(&[Named(KeyCode::Left)], "←", Verb::ChoiceBefore, "the choice before").twin("Left").at(&[Form]),
    key(&[Named(KeyCode::Right)], "→", Verb::ChoiceAfter, "the next choice").twin("Right").at(&[Form]).short("choose"),
    key(&[Named(KeyCode::Tab), Named(KeyCode::Down)], "Tab", Verb::Next, "the next field or row")
        .at(&[Form, Typing])
        .short("next"),
    key(&[Named(KeyCode::BackTab), Named(KeyCode::Up)], "Shift-Tab", Verb::Previous, "the field or row before")
        .at(&[Form, Typing]),
    key(&[Named(KeyCode::Enter), Named(KeyCode::Down)], "Enter", Verb::Next, "to the next place that holds the words")
        .at(&[Finding])
        .short("next"),
    key(&[Named(KeyCode::Up)], "↑", Verb::Previous, "to the place before").twin("Up").at(&[Finding]).short("before"),
    key(&[Named(KeyCode::Esc), Ctrl('c')], "Esc", Verb::Back, "done: stay at the place that was found")
        .at(&[Finding])
        .short("done"),
    key(&[Named(KeyCode::Esc)], "Esc", Verb::Back, "leave it, nothing happens").at(OVERLAYS).short("leave"),
    key(&[Named(KeyCode::Esc)], "Esc", Verb::Back, "back; never changes anything").at(NO_REVIEW).short("back"),
    key(&[Named(KeyCode::Esc)], "Esc", Verb::Back, "back; the request stays open").at(&[Approval]).short("back"),
    key(&[Named(KeyCode::Enter)], "Enter", Verb::Open, "open what the cursor is on").at(ROWS).short("open"),
    key(&[Sign('F')], "F", Verb::Break, "in `salve demo`: break something, and watch it heal")
        .at(ROWS)
        .short("break something")
        .staged(),
    key(&[Sign('a')], "a", Verb::Review, "review what awaits approval").at(NO_REVIEW).short("review"),
    key(&[Sign('c')], "c", Verb::Acknowledge, "acknowledge the page: you are on it")
        .at(&[Main, Incident])
        .short("ack")
        .acting(),
    key(&[Sign('p')], "p", Verb::Pause, "pause the host or a playbook; resume it if it is paused")
        .at(NO_REVIEW)
        .short("pause")
        .acting(),
    key(&[Sign('R')], "R", Verb::Resume, "resume what is paused").at(NO_REVIEW).acting(),
    key(&[Sign('w')], "w", Verb::Schedule, "plan maintenance: a pause that begins at a moment you name")
        .at(NO_REVIEW)
        .acting(),
    key(&[Sign('W')], "W", Verb::Held, "what is paused, planned or snoozed; Enter ends it").at(NO_REVIEW),
    key(&[Sign('s')], "s", Verb::Snooze, "leave this target alone for a time; again: end it")
        .at(&[Main, List, Incident, Playbook])
        .short("snooze")
        .acting(),
    key(&[Sign('e')], "e", Verb::Edit, "edit the playbook (a copy, if it is a shipped one)")
        .at(&[Main, List, Incident, Playbook])
        .short("edit")
        .acting(),
    key(&[Sign('n')], "n", Verb::New, "a new playbook, from what can fail and what is on this host")
        .at(&[Main, List, Incident, Playbook])
        .acting(),
    key(&[Sign('o')], "o", Verb::OneOff, "a one-off against this incident: write it, try it, run it once")
        .at(&[Incident])
        .acting(),
    key(&[Sign('A')], "A", Verb::Arm, "arm the playbook; again: back to shadow")
        .at(&[Main, List, Incident, Playbook])
        .short("arm")
        .acting(),
    key(
        &[Sign('r')],
        "r",
        Verb::RunNow,
        "run the playbook on this target now, through the gate; its plan is shown first",
    )
    .at(&[Main, List, Incident, Playbook])
    .short("run")
    .acting(),
    key(&[Sign('b')], "b", Verb::Breaker, "reset or latch this target's breaker")
        .at(&[Main, List, Incident, Playbook])
        .short("breaker")
        .acting(),
    key(&[Sign('d')], "d", Verb::Try, "dry run: what the playbook would do now; nothing is run")
        .at(&[Playbook])
        .short("dry run"),
    key(&[Sign('d')], "d", Verb::Try, "dry run: what its playbook would do now; nothing is run")
        .at(&[Main, List, Incident]),
    key(&[Sign('C')], "C", Verb::Close, "close the open incident by hand").at(&[Main, Incident]).acting(),
    key(&[Sign('/')], "/", Verb::Filter, "show only the rows that hold these words").at(ROWS).short("filter"),
    key(&[Sign('/')], "/", Verb::Find, "find words in this page").at(&[Incident, Playbook, Text]).short("find"),
    key(&[Named(KeyCode::Tab)], "Tab", Verb::Next, "choose the next attempt, to copy it by itself").at(&[Incident]),
    key(&[Named(KeyCode::BackTab)], "Shift-Tab", Verb::Previous, "choose the attempt before").at(&[Incident]),
    key(&[Sign('<')], "<", Verb::OlderIncident, "to the incident numbered below, however long ago").at(&[Incident]),
    key(&[Sign('>')], ">", Verb::NewerIncident, "to the incident numbered above").at(&[Incident]),
    key(&[Sign('x')], "x", Verb::Export, "write the incident as Markdown to a new file in the working folder")
        .at(&[Incident])
        .short("export"),
    key(&[Sign(':')], ":", Verb::Palette, "find any command, playbook or theme by its name").short("command"),
    key(&[Named(KeyCode::Tab)], "Tab", Verb::Next, "the next pane").at(&[Main]).short("pane"),
    key(&[Named(KeyCode::BackTab)], "Shift-Tab", Verb::Previous, "the pane before").at(&[Main]),
    key(&[Sign('1')], "1", Verb::Pane(1), "to the detectors").at(&[Main]),
    key(&[Sign('2')], "2", Verb::Pane(2), "to what needs action").at(&[Main]),
    key(&[Sign('3')], "3", Verb::Pane(3), "to the breakers").at(&[Main]),
    key(&[Sign('4')], "4", Verb::Pane(4), "to the timeline").at(&[Main]),
    key(&[Sign('5')], "5", Verb::Pane(5), "to the success rate").at(&[Main]),
    key(&[Sign('B')], "B", Verb::Playbooks, "all playbooks, rejected ones first").at(NO_REVIEW),
    key(&[Sign('I')], "I", Verb::Incidents, "all incidents, open and closed").at(NO_REVIEW),
    key(&[Sign('J')], "J", Verb::Journal, "what happened, latest first").at(NO_REVIEW),
    key(&[Sign('M')], "M", Verb::Messages, "what salve had to say").at(NO_REVIEW),
    key(&[Sign('S')], "S", Verb::Rates, "the success rate: by window and playbook, and what to do about it")
        .at(NO_REVIEW),
    key(&[Sign('[')], "[", Verb::Earlier, "look back: one event earlier; every pane shows that moment, nothing acts")
        .at(NO_REVIEW)
        .short("earlier"),
    key(&[Sign(']')], "]", Verb::Later, "looking back: one event later").at(NO_REVIEW).short("later"),
    key(&[Sign('{')], "{", Verb::IncidentBefore, "look back to where the incident before was opened")
        .at(NO_REVIEW)
        .short("incident before"),
    key(&[Sign('}')], "}", Verb::IncidentAfter, "looking back: to where the next incident was opened")
        .at(NO_REVIEW)
        .short("incident after"),
    key(&[Sign('t')], "t", Verb::Live, "from looking back to live, and to the place where you were")
        .at(NO_REVIEW)
        .short("live"),
    key(&[Sign('y')], "y", Verb::Copy, "copy what is shown, or the chosen attempt, to the clipboard (OSC 52)")
        .at(&[List, Incident, Playbook, Text]),
    key(&[Sign('j'), Named(KeyCode::Down)], "j ↓", Verb::Down, "down").twin("j Down").at(SCROLLS),
    key(&[Sign('k'), Named(KeyCode::Up)], "k ↑", Verb::Up, "up").twin("k Up").at(SCROLLS),
    key(&[Named(KeyCode::PageDown), Sign(' ')], "PgDn", Verb::PageDown, "a screen down (also Space)")
        .at(PAGES)
        .short("more"),
    key(&[Named(KeyCode::PageDown)], "PgDn", Verb::PageDown, "a screen down").at(&[Main, List, Naming, Conflict]),
    key(&[Named(KeyCode::PageUp)], "PgUp", Verb::PageUp, "a screen up")
        .at(&[Main, List, Incident, Approval, Playbook, Text, Naming, Question, Conflict]),
    key(&[Sign('g'), Named(KeyCode::Home)], "g", Verb::First, "to the first row (also Home)"),
    key(&[Sign('G'), Named(KeyCode::End)], "G", Verb::Last, "to the last row (also End)"),
    key(&[Sign('m')], "m", Verb::Mouse, "the mouse: click, wheel and the keys below; again: select text as usual"),
    key(&[Ctrl('l')], "Ctrl-L", Verb::Redraw, "draw the screen anew").at(EVERYWHERE),
    key(&[Ctrl('z')], "Ctrl-Z", Verb::Suspend, "suspend the console, but not where healing runs inside it"),
    key(&[Sign('q'), Ctrl('c')], "q", Verb::Quit, "quit (also Ctrl-C)").at(&[Main]).short("quit"),
    key(&[Sign('q'), Ctrl('c')], "q", Verb::Back, "back (also Ctrl-C)").at(&[List, Incident, Playbook, Text, Approval]),
    key(&[Ctrl('c')], "Ctrl-C", Verb::Back, "leave it, nothing happens").at(OVERLAYS),
    key(&[Sign('?')], "?", Verb::Help, "all keys, those of this place first").short("all keys"),
];

//! What keys can do.

use crate::console::keys::Act;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAction {
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// A screen down.
    PageDown,
    /// A screen up.
    PageUp,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// To the next pane or field.
    Next,
    /// To the pane or field before.
    Previous,
    /// To the pane of this number, from 1.
    Pane(u8),
    /// Open what the cursor is on.
    Open,
    /// Back to where one came from.
    Back,
    /// Show only some rows.
    Filter,
    /// Find words in the page.
    Find,
    /// Write the incident to a file.
    Export,
    /// The incident with the number below.
    OlderIncident,
    /// The incident with the number above.
    NewerIncident,
    /// The command palette.
    Palette,
    /// Show which keys there are and what they do.
    Help,
    /// Review what waits for a yes.
    Review,
    /// Pause, or resume what is paused.
    Pause,
    /// Let salve act again where it is paused.
    Resume,
    /// Plan a pause that begins by itself.
    Schedule,
    /// What is paused, planned or snoozed.
    Held,
    /// Leave a target alone for a time.
    Snooze,
    /// Begin a playbook.
    New,
    /// Begin a playbook against one open incident.
    OneOff,
    /// Change a playbook.
    Edit,
    /// Look what a playbook would do now.
    Try,
    /// What only the editor page does.
    Write(Act),
    /// Run a playbook now.
    RunNow,
    /// Reset or latch a breaker.
    Breaker,
    /// Arm or disarm a playbook.
    Arm,
    /// Break something, where a console is there for showing that.
    Break,
    /// Open the page that lists all playbooks.
    Playbooks,
    /// Open the page that lists all incidents.
    Incidents,
    /// Open the journal's page: what happened, latest first.
    Journal,
    /// What salve had to say.
    Messages,
    /// What the engine measures of itself.
    Engine,
    /// The success rate in all windows.
    Rates,
    /// A person has seen the page.
    Acknowledge,
    /// End an incident by hand.
    Close,
    /// Answer a question or a request with yes.
    Yes,
    /// No, and why.
    Decline,
    /// Answer a form.
    Submit,
    /// The option before.
    ChoiceBefore,
    /// The option after.
    ChoiceAfter,
    /// One event back in the past.
    Earlier,
    /// One event on.
    Later,
    /// Look at the moment at which the previous incident was opened.
    IncidentBefore,
    /// To the next incident.
    IncidentAfter,
    /// Back to live.
    Live,
    /// Copy what is shown.
    Copy,
    /// The mouse, or the terminal's own selecting.
    Mouse,
    /// Draw everything anew.
    Redraw,
    /// Suspend the console as Ctrl-Z does, until the shell continues it.
    Suspend,
    /// End the console.
    Quit,
}

impl KeyAction {
    /// Does this act on a target or a playbook, and so need one to be chosen?
    #[must_use]
    pub const fn needs_subject(self) -> bool {
        matches!(self, Self::Snooze | Self::RunNow | Self::Breaker | Self::Arm)
    }
}

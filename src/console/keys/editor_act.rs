//! What the keys of the editor page do.

/// What a key does on the editor page and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Write the text to its file.
    Save,
    /// What may stand here.
    Complete,
    /// Run it now, once it is saved and the operator has said yes.
    Run,
    /// Leave a one-off where it is.
    Keep,
    /// Take a one-off out of the folder again.
    Remove,
    /// Put the cursor at the next mistake of the text.
    NextMistake,
    /// To the mistake before.
    PreviousMistake,
    /// More of the dry run.
    ScrollTried,
    /// Look for words.
    Find,
    /// Hand the text to `$EDITOR`.
    HandOver,
    /// One step back.
    Undo,
    /// One step on again.
    Redo,
    /// Cut the line out.
    CutLine,
    /// Put back what was cut.
    Put,
    /// Leave, and keep the text as a draft.
    KeepDraft,
    /// Leave, and forget what was typed.
    Discard,
    /// Save over what somebody else wrote.
    Mine,
    /// Take what somebody else wrote.
    Theirs,
    /// Go on with a draft.
    GoOn,
}

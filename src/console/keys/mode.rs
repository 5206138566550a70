//! Where keys are pressed.

/// Where keys are pressed: each place has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputMode {
    /// The main screen.
    Main,
    /// An incident's page.
    Incident,
    /// A request's page.
    Approval,
    /// A playbook's page.
    Playbook,
    /// A list page.
    List,
    /// A page to read.
    Text,
    /// The target's name is being typed on a request's page.
    Naming,
    /// A form with fields.
    Form,
    /// A form that wants a yes.
    Question,
    /// The filter or the palette.
    Typing,
    /// Words to be found in a page.
    Finding,
    /// A playbook is being written.
    Editor,
    /// Words to look for are typed in the editor.
    Searching,
    /// A new playbook: what can fail, of what, its name.
    Begin,
    /// One of the words that may stand here is chosen in the editor.
    Completing,
    /// A changed text is left: save it, keep it, or not?
    Leaving,
    /// A one-off is left: keep it, or throw it away?
    Keeping,
    /// The file was changed by somebody else: whose text?
    Conflict,
    /// There is a draft: go on with it?
    Offered,
}

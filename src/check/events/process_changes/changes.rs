//! What a source of changes tells.

/// What happened since the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// No processes but these may have started or changed; some of them may have ended, or be threads.
    Only(Vec<i32>),
    /// It cannot be told: `/proc` has to be listed.
    Unknown,
}

/// Tells which processes changed.
pub trait ChangeSource {
    /// The changes since the last call; at the first, they are unknown.
    fn take(&mut self) -> Changes;

    /// A listing, begun right after [`ChangeSource::take`], found these processes, which the one before had not. Where
    /// the source should have announced them, it is not to be trusted.
    fn found(&mut self, newcomers: &[i32]);
}

//! A console that is there to show what salve does: faults that can be chosen, and a caption that explains.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

/// What plays around a console. Whoever plays it breaks things and says what is seen; the console knows no more of it.
#[derive(Debug, Clone)]
pub struct DemoHooks {
    /// What can be broken, in words; chosen by its place in here.
    pub faults: Arc<[Arc<str>]>,
    /// What the operator chose.
    pub chosen: mpsc::UnboundedSender<usize>,
    /// What is said about it.
    pub caption: watch::Receiver<Caption>,
}

/// What is said about what is seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Caption {
    /// No words are shown.
    #[default]
    Silent,
    /// These words are shown over the page until others come.
    Says(Arc<str>),
    /// The play is over: the console ends.
    Over,
}

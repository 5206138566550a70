//! The channels on which the loop waits.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};

use crate::channel::AcceptedPage;
use crate::check::ObservationChange;
use crate::core::machine::history_view::PastDetector;
use crate::core::{Input, Reading, WatchId};
use crate::engine::handle::{CommandRequest, Subscribers};
use crate::engine::reload::Reloaded;

/// Everything that the loop takes in, one channel per kind of input.
#[derive(Debug)]
pub struct LoopInputs {
    /// Completes when the engine is to stop.
    pub stopped: oneshot::Receiver<()>,
    /// Readings that differ from the one before, each with the watch that it belongs to.
    pub readings: mpsc::UnboundedReceiver<(WatchId, Reading)>,
    /// What was seen, for backtests.
    pub kept: mpsc::UnboundedReceiver<ObservationChange>,
    /// Notes: about what, and the text.
    pub notes: mpsc::UnboundedReceiver<(Arc<str>, Arc<str>)>,
    /// Results of what was carried out.
    pub inputs: mpsc::UnboundedReceiver<Input>,
    /// Pages that a channel took.
    pub delivered: mpsc::UnboundedReceiver<AcceptedPage>,
    /// Rings where a channel did not take a page.
    pub tried: Arc<Notify>,
    /// Playbooks in force.
    pub reloaded: mpsc::UnboundedReceiver<Reloaded>,
    /// What earlier engines saw, once.
    pub recalled: mpsc::UnboundedReceiver<Vec<PastDetector>>,
    /// Commands of operators, from the console, the command line and the socket alike.
    pub commands: mpsc::Receiver<CommandRequest>,
    /// Who wants snapshots now: without any, none is built.
    pub subscribers: Arc<Subscribers>,
}

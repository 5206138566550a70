//! Tells the core when systemd ceases to answer anybody, and when it answers again.

use tokio::sync::{mpsc, watch};

use crate::core::Input;
use crate::host::systemd::SystemdError;

/// Runs until the loop has ended.
pub async fn follow(mut silence: watch::Receiver<Option<SystemdError>>, inputs: mpsc::UnboundedSender<Input>) {
    let mut silent = false;
    loop {
        let now = silence.borrow_and_update().clone();
        if now.is_some() != silent {
            silent = now.is_some();
            let answers = now.map_or(Ok(()), |error| Err(error.to_string().into()));
            if inputs.send(Input::Systemd(answers)).is_err() {
                return;
            }
        }
        tokio::select! {
            () = inputs.closed() => return,
            changed = silence.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

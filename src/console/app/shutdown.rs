//! How a console ends. It runs on a thread of its own: a write to a terminal that takes nothing may never return, so
//! the end does not wait for it, and signals are heard outside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::console::options::{ConsoleError, Ended};
use crate::console::terminal;

/// How long a console that hangs in a write may hold up the end.
const GRACE: Duration = Duration::from_secs(2);
/// How long one that was told to end may need where nothing holds it.
const LAST: Duration = Duration::from_millis(50);

/// What a console hears of the world outside.
#[derive(Debug)]
pub struct Outside {
    /// It is to end.
    pub quit: watch::Receiver<bool>,
    /// Set while an editor has the terminal: Ctrl-C is the editor's then.
    pub editing: Arc<AtomicBool>,
}

/// Runs a console to its end, or to a signal that it cannot follow.
///
/// # Errors
/// The console's own, and where a thread cannot be had.
pub fn until_ended(
    runtime: &tokio::runtime::Handle,
    console: impl FnOnce(Outside) -> Result<Ended, ConsoleError> + Send + 'static,
) -> Result<Ended, ConsoleError> {
    let (ends, ended) = std_mpsc::channel();
    let editing = Arc::new(AtomicBool::new(false));
    let (quits, quit) = watch::channel(false);
    let signals = runtime.spawn(hear_signals(quits, ends.clone(), Arc::clone(&editing)));
    let outside = Outside { quit, editing };
    let screen = thread::Builder::new().name("salve-screen".into()).spawn(move || {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| console(outside)));
        let _ = ends.send(result.unwrap_or(Err(ConsoleError::Broke)));
    })?;
    let result = ended.recv().unwrap_or(Err(ConsoleError::Broke));
    signals.abort();
    // only a screen that hangs in a write leaves it to others to say that it ended
    if matches!(result, Ok(Ended::Signalled)) && !wait_for(&screen) {
        terminal::give_back_modes();
    } else {
        let _ = screen.join();
    }
    result
}

fn wait_for(screen: &thread::JoinHandle<()>) -> bool {
    let began = Instant::now();
    while !screen.is_finished() && began.elapsed() < LAST {
        thread::sleep(Duration::from_millis(1));
    }
    screen.is_finished()
}

/// Tells the console to end; if it does not, whoever waits for it is told without it.
async fn hear_signals(
    quits: watch::Sender<bool>,
    ends: std_mpsc::Sender<Result<Ended, ConsoleError>>,
    editing: Arc<AtomicBool>,
) {
    let streams = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()].map(signal);
    let [Ok(mut terminate), Ok(mut hang_up), Ok(mut interrupt)] = streams else { return };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = hang_up.recv() => break,
            // Ctrl-C in the editor is the editor's
            _ = interrupt.recv() => if !editing.load(Ordering::SeqCst) { break },
        }
    }
    let _ = quits.send(true);
    tokio::time::sleep(GRACE).await;
    let _ = ends.send(Ok(Ended::Signalled));
}

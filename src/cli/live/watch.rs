//! `salve status --watch`: how the host stands, again whenever it changes, until Ctrl-C or until nobody reads.
//!
//! At a terminal the text is redrawn in place; elsewhere each change is a line with its time. With --json
//! each state is a line of JSON.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::status;
use crate::cli::args::Common;
use crate::cli::exit::Failure;
use crate::cli::output::{json, stream};
use crate::cli::{connect, runtime};
use crate::control::client::Stay;
use crate::engine::snapshot::Snapshot;
use crate::engine::standalone::one_shot;

/// How often a look of our own is taken where no engine runs.
const LOOK: Duration = Duration::from_secs(5);
/// An engine may change its state often; a reader needs it so often at most.
const PACE: Duration = Duration::from_millis(500);

pub fn run(common: &Common, as_json: bool) -> Result<ExitCode, Failure> {
    let mut shown = LastPrinted::new(as_json);
    runtime::build()?.block_on(async {
        tokio::select! {
            watched = watch(common, &mut shown) => watched?,
            pressed = tokio::signal::ctrl_c() => {
                pressed.map_err(|error| Failure::Io("cannot listen for Ctrl-C".into(), error))?;
            }
        }
        Ok(shown.code)
    })
}

async fn watch(common: &Common, shown: &mut LastPrinted) -> Result<(), Failure> {
    while !stream::ended() {
        let Some(connection) = connect::engine_to_see(common, Stay::Long).await? else {
            // Looks of our own, until an engine comes.
            shown.show(&one_shot::look(&common.options()?).await?)?;
            rest(LOOK).await;
            continue;
        };
        let attached = connection.attach().await?;
        let mut snapshots = attached.handle.snapshots();
        loop {
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            shown.show(&snapshot)?;
            rest(PACE).await;
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { break },
                () = closed() => return Ok(()),
            }
        }
        eprintln!("salve: the engine has stopped");
    }
    Ok(())
}

/// Waits, but not on when nobody reads.
async fn rest(length: Duration) {
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        () = closed() => {}
    }
}

/// Until the reader of standard output is gone: a host on which nothing changes would never tell.
async fn closed() {
    loop {
        if stream::unread() {
            return;
        }
        tokio::time::sleep(PACE).await;
    }
}

/// What was said last, so that only changes are.
struct LastPrinted {
    form: WatchFormat,
    last: String,
    code: ExitCode,
}

enum WatchFormat {
    Json,
    Painted,
    Lines,
}

impl LastPrinted {
    fn new(as_json: bool) -> Self {
        let form = match as_json {
            true => WatchFormat::Json,
            false if stream::is_terminal() => WatchFormat::Painted,
            false => WatchFormat::Lines,
        };
        Self { form, last: String::new(), code: ExitCode::SUCCESS }
    }

    fn show(&mut self, snapshot: &Snapshot) -> Result<(), Failure> {
        self.code = status::health(snapshot);
        let text = status::text(snapshot);
        match self.form {
            WatchFormat::Json => return json::print_line(snapshot),
            _ if text == self.last => return Ok(()),
            WatchFormat::Painted => stream::repaint(&text),
            WatchFormat::Lines => {
                let time = snapshot.now.wall.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S");
                for line in text.lines().filter(|line| !self.last.lines().any(|old| old == *line)) {
                    println!("{time}  {line}");
                }
            }
        }
        self.last = text;
        Ok(())
    }
}

//! A real journal, asked for its moments.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::watch;

use super::ladder::Ladder;
use super::serve::{Shelf, start};
use super::{Goal, Line, PastError};
use crate::check::{Observation, Subject};
use crate::core::incident::{Denial, Outcome, Starter};
use crate::core::input::{Binding, Resolution, Standing};
use crate::core::plan::{Digest, PlannedStep};
use crate::core::{
    AttemptId, Config, Core, Event, IncidentId, Key, Mono, Operator, Plan, Reading, Recorded, Scope, Verdict,
};
use crate::engine::snapshot::{Health, Stage};
use crate::host::clock::ClockMark;
use crate::journal::{Journal, KeptReading, Reader};
use crate::playbook::{Origin, Playbook, Target, read};

const SECOND: u64 = 1000;

fn book() -> Arc<Playbook> {
    let source = r#"
        title = "the disk has room"
        risk = "low"
        mode = "auto"
        target = { mount = "/" }
        for = "10s"
        [[detect.filesystem]]
        used = "> 85%"
        [[remediate]]
        command = ["/usr/bin/true"]
        [[verify.filesystem]]
        used = "< 80%"
        [escalate]
        attempts = 3
        within = "10m"
    "#;
    read::read("disk", "disk", Origin::Shipped, source).playbook.unwrap()
}

//! `salve demo`: the whole loop on stand-ins, for whoever wants to see it. Real child processes, a real scratch area
//! that fills up, real playbooks through the real engine; without privileges, and nothing stays behind.
//!
//! ```text
//!   operator --F--> fault --> stage --> actors (children of this program)
//!      ^                        ^          |
//!   console <-- engine -- cue --+          v
//!                 ^---- check -------- what they do
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`folder`] | the private folder that everything is in, and what a demo that was killed left |
//! | [`program`] | the program that children and playbooks run: this one, or a copy that root may run |
//! | [`actor`] | what the children do: a shop, a ledger, jobs, a scribe |
//! | [`scratch`] | the scribe's small file system, or its quota where the kernel lends none |
//! | [`stage`] | starts, restarts and ends the children, on its own thread |
//! | [`cue`] | what a remediation says to the stage |
//! | [`fault`] | what can be broken, and how |
//! | [`tour`] | the play without keys, its captions, its recording |

pub mod actor;
pub mod cue;
mod fault;
mod folder;
mod program;
mod scratch;
mod stage;
mod tour;

pub use fault::{ALL, DemoFault};
pub use folder::{DemoFolder, FolderError};
pub use stage::{DemoStage, StageError};
pub use tour::{RecordedFrame, TourError, play};

//! salve: a self-healing console for a Linux host. **Detect → remediate → verify → escalate.**
//!
//! This page is the map of the crate; the page of each module is the map of its folder.
//!
//! # How data flows
//!
//! ```text
//!                    playbooks (TOML)            an operator at the console, or at a verb
//!                        |                           |                    ^
//!                        v                       command              snapshot
//!              reading                effect         v                    |
//!   the host ---------> core, driven by engine -------------------> engine's views
//!   (check)             ^   |        |       \
//!                outcome|   |attempt |page    \ event
//!                       |   v        v         v
//!                     action      channel    journal
//!                    (the host)  (a person)  (durable before anything acts)
//! ```
//!
//! Where the console or the verb runs in another process, `control` carries commands and snapshots over a socket.
//!
//! # The modules, from the bottom up
//!
//! A module uses only modules that come earlier in this table; [`check`], [`action`], [`journal`] and [`channel`] do not
//! use each other. `tests/architecture` reads every import and fails on one that breaks this.
//!
//! | module | what it does |
//! |---|---|
//! | [`text`] | cleans text that comes from outside, before it reaches a screen, a ticket or a log |
//! | [`foreign`] | opens files that are not salve's own, without trusting their path or waiting for their file system |
//! | [`playbook`] | what an operator writes: the model, reading it with line and column, lint, schema, the shipped files |
//! | [`core`] | every decision, as `handle(now, input) -> effects`: no I/O, no clock, no async, no screen |
//! | [`host`] | what the kernel and systemd offer, made safe to use; the one way to start a child process |
//! | [`evidence`] | gathers logs, processes and sockets for a page, each within a deadline |
//! | [`check`] | reads the host: one folder for each kind of check, by events where there are any, else by polling |
//! | [`action`] | changes the host: one folder for each kind of action, each attempt in a control group of its own |
//! | [`journal`] | the durable record, in SQLite: events chained by hash, readings, replay |
//! | [`channel`] | calls people: one file for each kind of channel, and the outbox that sends again until taken |
//! | [`engine`] | drives the core in real time, publishes snapshots, takes commands; also backtest, report and metrics |
//! | [`control`] | an engine over a Unix socket or `ssh`: protocol, rights, limits, server and client |
//! | [`console`] | the screen: model, update, view, themes, keys; the same for an engine in this process and for one over a socket |
//! | [`demo`] | a sandbox of harmless processes that can be broken, with the real loop over them |
//! | [`cli`] | the verbs of the command line |
//!
//! There is one exception. A kind's folder in [`check`] or [`action`] holds a file `table.rs`: the TOML table that a
//! playbook writes for this kind. [`playbook`] uses these files, so that a kind stays in one folder.
//!
//! # Where to look
//!
//! | for | in |
//! |---|---|
//! | a new kind of check, action or channel | one line in the list (`playbook/check/kinds.rs`, `playbook/action/kinds.rs`, `channel/kinds/mod.rs`); `.github/CONTRIBUTING.md` walks through the rest |
//! | why an attempt is denied | `core/gate.rs`; the reasons as data are in `core/gate/denial.rs` |
//! | how an incident goes from phase to phase | `core/incident/phase.rs` |
//! | what happens between an intent's fsync and its child process | `engine/driver/writes.rs`, then `engine/run/effect_executor.rs`, `action/runner.rs` and `host/child` |
//! | what an approval is bound to | `core/plan/sealed.rs`, compared in `core/incident/approval.rs` |
//! | the words of a page or ticket | `channel/page.rs` (the summary) and `channel/document.rs` (the whole of it) |
//! | the numbers and words of `salve report` | `core/success/period_report.rs` and `cli/report/text.rs` |
//! | what a client of another version is told | `control/server/session.rs` |
//! | what former versions wrote into journals | `core/event/reasons.rs` and `journal/schema.rs` |
//! | one incident as Markdown, to hand on | `engine/views/incident_markdown.rs` |
//! | which key does what | `console/keys/table.rs` |

pub mod action;
pub mod channel;
pub mod check;
pub mod cli;
pub mod console;
pub mod control;
pub mod core;
pub mod demo;
pub mod engine;
pub mod evidence;
pub mod foreign;
pub mod host;
pub mod journal;
pub mod playbook;
pub mod text;

//! salve: a self-healing console for a Linux host. **Detect → remediate → verify → escalate.**
//!
//! This page is the map of the crate. Each module's own page says more.
//!
//! ```text
//!             playbook (TOML)                       operator
//!                  |                                 ^    |
//!                  v                        snapshot |    | command
//!   host --> check --> core --> engine --> journal   |    v
//!    ^                  ^          |  \          console, cli
//!    |                  +----------+   \__________^   (control carries both over a socket)
//!    +------- action <-- effects --+--> channel --> a person
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`playbook`] | what an operator writes: model, reading with spans, lint, schema, the shipped catalogue |
//! | [`core`] | pure decisions: `handle(now, input) -> effects`; no I/O, no clock, no async, no screen |
//! | [`foreign`] | files that are not salve's own: opened step by step, in threads that may hang |
//! | [`host`] | what the kernel and systemd offer, made safe to use; the one way to start a child |
//! | [`check`] | one folder per kind of check: events where the kernel or systemd has them, else deadline-bound polls |
//! | [`action`] | one folder per kind of action; attempts, held in scopes that can be emptied; safe deletion |
//! | [`journal`] | SQLite: write-ahead intents, hash-chained events, readings, replay |
//! | [`evidence`] | what is gathered for a page or a snapshot, each piece to its deadline |
//! | [`channel`] | one file per escalation channel; the durable outbox |
//! | [`engine`] | drives the core in real time; owns the only loop; publishes snapshots, takes commands |
//! | [`control`] | an engine's handle over a socket: rights, limits, differences, a client that reconnects, `ssh` |
//! | [`console`] | the screen: model, update, view, theme, keys |
//! | [`demo`] | the whole loop on stand-ins: real children, faults to choose, a tour |
//! | [`cli`] | one file per verb |
//! | [`text`] | untrusted text, cleaned |
//!
//! Arrows point one way: `foreign` ← `playbook` ← `core` ← `host` ← `evidence` ← `check`, `action`, `journal`, `channel` ← `engine` ←
//! `control` ← `console` ← `demo` ← `cli`; the console knows nothing of `control`, so it cannot tell where an engine is.
//! One file of each kind's folder is of another level: `table.rs`, what is written of the kind in playbooks, is of the level of
//! [`playbook`], although it lies beside the file that looks at the host or changes it, in [`check`] or [`action`].
//! `tests/architecture` reads the `use` lines and fails on an arrow that runs back up.

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

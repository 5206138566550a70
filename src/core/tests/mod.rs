//! The machine as a whole, driven by a small bench: a clock, a journal and a host that answers.

mod accounts;
mod answers;
mod bench;
mod breaks;
mod commands;
mod endings;
mod flapping;
mod gates;
mod happy;
mod lacks;
mod maintenance;
mod models;
mod pasts;
mod replays;
mod sight;
mod silence;
mod together;
mod verified;

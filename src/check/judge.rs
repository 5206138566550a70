//! Observation and condition to verdict, words and figure. Pure: a backtest judges old observations the same way.

use super::subject::Observation;
use super::{command, filesystem, http, load, memory, pressure, process, tcp, unit};
use crate::core::Verdict;
use crate::playbook::Check;

/// What a condition makes of an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Does it hold?
    pub verdict: Verdict,
    /// What was seen, short, with its unit: `97.3%`, `failed (exit-code)`, `503`.
    pub seen: String,
    /// The same as a bare figure in the condition's unit, where it has one.
    pub figure: Option<f64>,
}

/// Judges what was seen. An observation of another kind is unknown.
#[must_use]
pub fn judge(check: &Check, seen: &Observation) -> Judged {
    match (check, seen) {
        (Check::Unit(check), Observation::Unit(seen)) => unit::judge(check, seen),
        (Check::Process(check), Observation::Process(seen)) => process::judge(check, seen),
        (Check::Filesystem(check), Observation::Filesystem(seen)) => filesystem::judge(check, seen),
        (Check::Http(check), Observation::Http(seen)) => http::judge(check, seen),
        (Check::Tcp(check), Observation::Tcp(seen)) => tcp::judge(check, seen),
        (Check::Command(check), Observation::Command(seen)) => command::judge(check, seen),
        (Check::Load(check), Observation::Load(seen)) => load::judge(check, seen),
        (Check::Memory(check), Observation::Memory(seen)) => memory::judge(check, seen),
        (Check::Pressure(check), Observation::Pressure(seen)) => pressure::judge(check, seen),
        (_, Observation::Unseen(why)) => {
            Judged { verdict: Verdict::Unknown(why.as_str().into()), seen: why.clone(), figure: None }
        }
        _ => Judged {
            verdict: Verdict::Unknown("this was seen of another kind of thing".into()),
            seen: String::new(),
            figure: None,
        },
    }
}

/// The condition in a few words: `> 85%`, `not active`.
#[must_use]
pub fn condition(check: &Check) -> String {
    match check {
        Check::Unit(check) => unit::condition(check),
        Check::Process(check) => process::condition(check),
        Check::Filesystem(check) => filesystem::condition(check),
        Check::Http(check) => http::condition(check),
        Check::Tcp(check) => tcp::condition(check),
        Check::Command(check) => command::condition(check),
        Check::Load(check) => load::condition(check),
        Check::Memory(check) => memory::condition(check),
        Check::Pressure(check) => pressure::condition(check),
    }
}

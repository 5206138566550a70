//! Pressure stall information: the share of time in which tasks stood still for want of a resource. A trigger wakes the
//! check when the pressure rises; polls see it fall.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use serde::{Deserialize, Serialize};

use super::conditions::{Conditions, joined, near};
use super::judge::Judgement;
use super::probe::Prober;
use crate::playbook::Target;
use crate::playbook::check::PressureCheck;
use crate::playbook::value::{Amount, Bound, Comparison};

/// The pressure on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PressureSubject;

/// Pressure over the last 10 seconds, in percent; none where the kernel does not keep that line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PressureSeen {
    /// Some task waited for a processor.
    pub cpu: Option<f64>,
    /// Every task waited for memory.
    pub memory: Option<f64>,
    /// Every task waited for input or output.
    pub io: Option<f64>,
}

/// The check's subject, of which a host has only one.
///
/// # Errors
/// Never: this check names its subject in every playbook, whatever the target.
#[allow(clippy::unnecessary_wraps, reason = "every kind finds its subject the same way")]
pub fn subject(_: &PressureCheck, _: &Target) -> Result<PressureSubject, String> {
    Ok(PressureSubject)
}

/// Reads the pressure on this host.
///
/// # Errors
/// As [`now`].
#[allow(clippy::unused_async, reason = "every kind looks the same way")]
pub async fn probe(_: &PressureSubject, _: &Prober) -> Result<PressureSeen, String> {
    now()
}

/// Reads the pressure averages of all three resources.
///
/// # Errors
/// In words, where the kernel has no PSI.
pub fn now() -> Result<PressureSeen, String> {
    let [cpu, memory, io] = [("cpu", "some"), ("memory", "full"), ("io", "full")].map(|(resource, kind)| {
        let text = fs::read_to_string(format!("/proc/pressure/{resource}")).ok()?;
        average(&text, kind)
    });
    if cpu.is_none() && memory.is_none() && io.is_none() {
        return Err("this kernel has no PSI".into());
    }
    Ok(PressureSeen { cpu, memory, io })
}

/// `avg10` of the line that begins with `kind`.
fn average(text: &str, kind: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
    line.split_whitespace().find_map(|field| field.strip_prefix("avg10="))?.parse().ok()
}

/// The bounds that a check sets, with their resource and the line of it that counts.
fn bounds(check: &PressureCheck) -> impl Iterator<Item = (&'static str, &'static str, Bound)> {
    let set = [("cpu", "some", check.cpu), ("memory", "full", check.memory), ("io", "full", check.io)];
    set.into_iter().filter_map(|(resource, kind, bound)| Some((resource, kind, bound?)))
}

/// Descriptors that poll with priority when pressure comes near a bound from below.
///
/// A bound on its fall has no trigger, and neither has a kernel or a container that refuses them: the polls remain.
#[must_use]
pub fn triggers(check: &PressureCheck) -> Vec<File> {
    let rising = |bound: &Bound| matches!(bound.comparison, Comparison::Above | Comparison::AtLeast);
    bounds(check)
        .filter(|(.., bound)| rising(bound))
        .filter_map(|(resource, kind, bound)| match bound.amount {
            Amount::Percent(percent) => trigger(resource, kind, percent).ok(),
            _ => None,
        })
        .collect()
}

/// Without privileges the kernel takes only windows of whole 2 seconds.
const WINDOW_US: f64 = 2_000_000.0;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the window")]
fn trigger(resource: &str, kind: &str, percent: f64) -> io::Result<File> {
    let stall = (WINDOW_US * percent / 100.0).clamp(1000.0, WINDOW_US) as u64;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(format!("/proc/pressure/{resource}"))?;
    // The kernel overwrites the last byte, and a descriptor whose trigger was refused polls ready all the same.
    let line = format!("{kind} {stall} {WINDOW_US}\n");
    if file.write(line.as_bytes())? == line.len() { Ok(file) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Whether a change is too small to be recorded for backtests.
pub(super) fn is_insignificant(now: &PressureSeen, then: &PressureSeen) -> bool {
    near(now.cpu, then.cpu) && near(now.memory, then.memory) && near(now.io, then.io)
}

/// Decides whether pressure stall averages meet every condition of the check, and puts the reading into words and a
/// figure.
#[must_use]
pub fn judge(check: &PressureCheck, seen: &PressureSeen) -> Judgement {
    let mut parts = Conditions::default();
    let several = bounds(check).count() > 1;
    for (resource, _, bound) in bounds(check) {
        let figure = match resource {
            "cpu" => seen.cpu,
            "memory" => seen.memory,
            _ => seen.io,
        };
        match figure {
            Some(figure) if several => parts.bound(bound, Some(figure), &format!("{resource} ")),
            Some(figure) => parts.bound(bound, Some(figure), ""),
            None => parts.unclear(format!("this kernel keeps no {resource} pressure")),
        }
    }
    parts.judgement()
}

/// The check's condition as text for the screen: bounds on them, by resource.
#[must_use]
pub fn condition(check: &PressureCheck) -> String {
    joined(bounds(check).map(|(resource, _, bound)| Some(format!("{resource} {bound}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    #[test]
    fn the_average_of_the_right_line_is_read() {
        let text = "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=1\n";
        assert_eq!(average(text, "some"), Some(1.5));
        assert_eq!(average(text, "full"), Some(0.25));
        assert_eq!(average("", "some"), None);
    }

    #[test]
    fn each_bound_counts_and_a_missing_line_is_unknown() {
        let seen = PressureSeen { cpu: Some(30.0), memory: Some(0.0), io: None };
        let check = |cpu: Option<&str>, io: Option<&str>| PressureCheck {
            cpu: cpu.map(|bound| bound.parse().unwrap()),
            io: io.map(|bound| bound.parse().unwrap()),
            ..PressureCheck::default()
        };
        let holds = judge(&check(Some("> 20%"), None), &seen);
        assert_eq!(holds, Judgement { verdict: Verdict::Holds, seen: "30%".into(), figure: Some(30.0) });
        assert!(matches!(judge(&check(None, Some("> 20%")), &seen).verdict, Verdict::Unknown(_)));
        assert!(matches!(judge(&check(Some("> 20%"), Some("> 2%")), &seen).verdict, Verdict::Unknown(_)));
        assert_eq!(judge(&check(Some("> 40%"), Some("> 2%")), &seen).verdict, Verdict::DoesNotHold);
        assert_eq!(condition(&check(Some("> 20%"), Some("> 2%"))), "cpu > 20%, io > 2%");
    }
}

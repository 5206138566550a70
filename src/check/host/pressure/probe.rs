//! Pressure stall information: the share of time in which tasks were stalled for lack of a resource. A trigger wakes the
//! check when the pressure rises; polls see it fall.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::table::PressureCheck;
use crate::check::events::event_source::{EventDescriptor, OwnSources};
use crate::check::events::folders::Folders;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined, near};
use crate::check::kind::CheckProbe;
use crate::check::prober::{Cost, Prober};
use crate::foreign::MayHang;
use crate::playbook::Target;
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

impl CheckProbe for PressureCheck {
    type Subject = PressureSubject;
    type Seen = PressureSeen;
    const COST: Cost = Cost::Little;

    fn subject(&self, _: &Target) -> Result<PressureSubject, String> {
        Ok(PressureSubject)
    }

    /// Reads the pressure on this host.
    async fn probe(_: &PressureSubject, _: &Prober) -> Result<PressureSeen, String> {
        now()
    }

    fn judge(&self, seen: &PressureSeen) -> Judgement {
        let mut parts = Conditions::default();
        let several = bounds(self).count() > 1;
        for (resource, _, bound) in bounds(self) {
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

    fn condition(&self) -> String {
        joined(bounds(self).map(|(resource, _, bound)| Some(format!("{resource} {bound}"))))
    }

    fn is_insignificant(now: &PressureSeen, then: &PressureSeen) -> bool {
        near(now.cpu, then.cpu) && near(now.memory, then.memory) && near(now.io, then.io)
    }

    fn own_sources(&self, _: &PressureSubject, _: Option<Arc<Folders>>) -> Option<OwnSources> {
        let check = self.clone();
        let open =
            move |_: &MayHang| triggers(&check).into_iter().map(|file| EventDescriptor::Trigger(file.into())).collect();
        Some(OwnSources::at("/proc/pressure", open))
    }
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
fn triggers(check: &PressureCheck) -> Vec<File> {
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
        let holds = check(Some("> 20%"), None).judge(&seen);
        assert_eq!(holds, Judgement { verdict: Verdict::Holds, seen: "30%".into(), figure: Some(30.0) });
        assert!(matches!(check(None, Some("> 20%")).judge(&seen).verdict, Verdict::Unknown(_)));
        assert!(matches!(check(Some("> 20%"), Some("> 2%")).judge(&seen).verdict, Verdict::Unknown(_)));
        assert_eq!(check(Some("> 40%"), Some("> 2%")).judge(&seen).verdict, Verdict::DoesNotHold);
        assert_eq!(check(Some("> 20%"), Some("> 2%")).condition(), "cpu > 20%, io > 2%");
    }
}

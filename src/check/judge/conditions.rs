//! Combines the conditions of one check: the check holds when all of them do, and the reading's text names each.

use std::time::Duration;

use bytesize::ByteSize;

use crate::check::judge::Judgement;
use crate::core::Verdict;
use crate::playbook::value::{Amount, Bound, Comparison, Period};

/// What was counted over a window that may not be over yet.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// In the bound's unit.
    pub figure: f64,
    /// How long it was counted.
    pub over: Duration,
    /// How long it should be counted: the whole window.
    pub window: Duration,
}

/// The conditions of one check, as they are judged.
#[derive(Debug, Default)]
pub struct Conditions {
    some: bool,
    broken: bool,
    unclear: Option<String>,
    seen: Vec<String>,
    figure: Option<f64>,
}

impl Conditions {
    /// A condition that is met or not, and what was seen.
    pub fn met(&mut self, met: bool, seen: impl Into<String>) {
        self.some = true;
        self.broken |= !met;
        self.say(seen);
    }

    /// A bound on a figure in the amount's own unit; `label` stands before it where it needs one.
    pub fn bound(&mut self, bound: Bound, figure: Option<f64>, label: &str) {
        self.some = true;
        if let Some(figure) = figure {
            self.broken |= !bound.admits(figure);
            self.figure.get_or_insert(figure);
            self.say(format!("{label}{}", in_unit(bound.amount, figure)));
        } else {
            self.unclear(format!("{label}{} cannot be compared here", bound.amount));
        }
    }

    /// A bound on what is counted over a window. That enough was seen is known at once; that there was no more, only
    /// after a whole window: until then it does not hold, in a detector as in a verifier.
    pub fn counted(&mut self, bound: Bound, so_far: Counted, label: &str) {
        let early = so_far.over < so_far.window;
        let from_above = matches!(bound.comparison, Comparison::Below | Comparison::AtMost | Comparison::Equal);
        if early && from_above && bound.admits(so_far.figure) {
            let (over, window) = (span(so_far.over), span(so_far.window));
            self.met(false, format!("watched for {over} of {window} so far"));
            self.figure(so_far.figure);
        } else {
            self.bound(bound, Some(so_far.figure), label);
        }
    }

    /// A condition that cannot be judged, and why.
    pub fn unclear(&mut self, why: impl Into<String>) {
        self.some = true;
        self.unclear.get_or_insert(why.into());
    }

    /// Sets the figure of the sparkline, if no bound has set one.
    pub fn figure(&mut self, figure: f64) {
        self.figure.get_or_insert(figure);
    }

    /// Adds text about what was observed, without a condition.
    pub fn say(&mut self, seen: impl Into<String>) {
        let seen = seen.into();
        if !self.seen.contains(&seen) {
            self.seen.push(seen);
        }
    }

    /// One condition that is not met decides, whatever else is unclear.
    pub fn judgement(self) -> Judgement {
        let verdict = match self.unclear {
            _ if self.broken => Verdict::DoesNotHold,
            Some(why) => Verdict::Unknown(why.into()),
            None if self.some => Verdict::Holds,
            None => Verdict::Unknown("the check compares nothing".into()),
        };
        Judgement { verdict, seen: self.seen.join(", "), figure: self.figure }
    }
}

/// `97.3%`, `2.5 GiB`, `4`.
fn in_unit(amount: Amount, figure: f64) -> String {
    match amount {
        Amount::Percent(_) => percent(figure),
        Amount::Bytes(_) => bytes(figure),
        Amount::Count(_) => plain(figure),
    }
}

/// One digit after the point, where it is not zero.
pub fn plain(figure: f64) -> String {
    let text = format!("{figure:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A length of time in words, rounded to what a reader needs: `3m 20s`, `16s`, `85ms`.
pub fn span(length: Duration) -> String {
    let unit = match length.as_secs() {
        0 => return format!("{}ms", length.as_millis()),
        1..120 => 1,
        120..7200 => 60,
        7200..172_800 => 3600,
        _ => 86_400,
    };
    Period(Duration::from_secs(length.as_secs() / unit * unit)).to_string()
}

/// A figure in percent as text, such as `97.3%`.
pub fn percent(figure: f64) -> String {
    format!("{}%", plain(figure))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are positive and below 2^63")]
fn bytes(figure: f64) -> String {
    ByteSize(figure.max(0.0) as u64).display().iec().to_string()
}

/// A part of a whole in percent; none of nothing.
#[allow(clippy::cast_precision_loss, reason = "a percentage needs no exact byte")]
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

/// The figure that a bound is about: percent of the whole, or the plain amount.
#[allow(clippy::cast_precision_loss, reason = "sizes beyond 2^52 bytes need no exact comparison")]
pub fn figure(bound: Bound, part: u64, whole: u64) -> Option<f64> {
    match bound.amount {
        Amount::Percent(_) => share(part, whole),
        Amount::Bytes(_) | Amount::Count(_) => Some(part as f64),
    }
}

/// Conditions in words, joined: `> 85%, inodes > 90%`.
pub fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Do two percentages differ by less than half a point?
pub fn near(now: Option<f64>, then: Option<f64>) -> bool {
    match (now, then) {
        (Some(now), Some(then)) => (now - then).abs() < 0.5,
        (None, None) => true,
        _ => false,
    }
}

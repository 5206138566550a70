//! Times that are none, too short to be kept, or beyond any use; and how they go together.

use std::ops::Range;
use std::time::Duration;

use crate::playbook::check::Check;
use crate::playbook::diagnostic::Findings;
use crate::playbook::read::spanned::SpannedValue;
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;
use crate::playbook::write::draft::{DEFAULT_TIMEOUT, Draft};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A verifier's check that names no `timeout` of its own takes at most about this long.
const USUAL_TIMEOUT: Duration = Duration::from_secs(10);

pub fn lint(draft: &Draft<'_>, findings: &mut Findings<'_>) {
    let mut within = |key: &str, period: &Option<SpannedValue<'_, Period>>, low: Duration, high: Duration| {
        if let Some(period) = period {
            range(key, period.value, low..=high, period.at.span(), findings);
        }
    };
    within("for", &draft.hold, Duration::ZERO, DAY);
    within("within", &draft.within, SECOND, DAY);
    within("soak", &draft.soak, Duration::ZERO, DAY);
    within("window", &draft.window, SECOND, 30 * DAY);
    within("cooldown", &draft.cooldown, Duration::ZERO, 30 * DAY);
    for rung in &draft.rungs {
        within("timeout", &rung.timeout, SECOND, 6 * HOUR);
    }
    for check in draft.detect.iter().chain(&draft.verify) {
        let parts = check.value.parts();
        if let Some(every) = parts.every {
            range("every", every, SECOND..=DAY, check.at.field_span("every"), findings);
        }
        if let Some((key, window)) = parts.window {
            range(key, window, SECOND..=DAY, check.at.field_span(key), findings);
        }
        if let Some(timeout) = parts.timeout {
            range("timeout", timeout, Duration::from_millis(50)..=5 * MINUTE, check.at.field_span("timeout"), findings);
        }
    }
    for check in &draft.verify {
        slow(check, draft, findings);
    }
    breaker(draft, findings);
}

fn range(
    key: &str,
    period: Period,
    fit: std::ops::RangeInclusive<Duration>,
    span: Range<usize>,
    findings: &mut Findings<'_>,
) {
    let (low, high) = (Period(*fit.start()), Period(*fit.end()));
    let help = format!("{low} to {high} may stand here");
    if period.0.is_zero() && !low.0.is_zero() {
        findings.add(Rule::ZeroTime, span, format!("`{key}` leaves no time at all"), help);
    } else if period < low {
        findings.add(Rule::ShortTime, span, format!("`{key}` of {period} is too short to be kept"), help);
    } else if period > high {
        findings.add(Rule::LongTime, span, format!("`{key}` of {period} is longer than anyone waits"), help);
    }
}

fn slow(check: &SpannedValue<'_, Check>, draft: &Draft<'_>, findings: &mut Findings<'_>) {
    let Some(within) = &draft.within else { return };
    let parts = check.value.parts();
    let wait = parts.every.map_or(Duration::ZERO, |every| every.0);
    let look = parts.timeout.map_or(Duration::ZERO, |timeout| timeout.0);
    if !within.value.0.is_zero() && wait.max(look) > within.value.0.max(USUAL_TIMEOUT) {
        let message = format!("one look of this check may take longer than the deadline of {}", within.value);
        let span = check.at.field_span(if wait > look { "every" } else { "timeout" });
        findings.add(Rule::SlowCheck, span, message, "shorten it, or lengthen `within`");
    }
}

fn breaker(draft: &Draft<'_>, findings: &mut Findings<'_>) {
    let Some(breaker) = &draft.breaker else { return };
    let span = |key: &str| breaker.at.field_span(key);
    let limits = breaker.value;
    range("cooldown", limits.cooldown, SECOND..=7 * DAY, span("cooldown"), findings);
    range("longest", limits.longest, SECOND..=30 * DAY, span("longest"), findings);
    if limits.cooldown > limits.longest {
        let message =
            format!("the first stay in open ({}) is longer than the longest ({})", limits.cooldown, limits.longest);
        findings.add(Rule::BreakerRange, span("cooldown"), message, "let `longest` be at least `cooldown`");
    }
    if !(1..=100).contains(&limits.latch_after) {
        let message = "the breaker latches after 1 to 100 reopenings";
        findings.add(Rule::BreakerRange, span("latch_after"), message, "write latch_after = 3");
    }
}

/// The breaker opens at so many attempts in the window. One that does not help takes until the verifier's deadline, so
/// where they cannot fit, it never opens; where a rung's timeout, the soak and the hold time make them not fit, it may
/// not.
pub fn window(draft: &Draft<'_>, findings: &mut Findings<'_>) {
    let (Some(window), Some(attempts), Some(within)) = (&draft.window, &draft.attempts, &draft.within) else { return };
    let or_none =
        |period: &Option<SpannedValue<'_, Period>>| period.as_ref().map_or(Duration::ZERO, |placed| placed.value.0);
    let run =
        draft.rungs.iter().map(|rung| rung.timeout.as_ref().map_or(DEFAULT_TIMEOUT, |placed| placed.value).0).max();
    let longest = run.unwrap_or_default() + within.value.0 + or_none(&draft.soak) + or_none(&draft.hold);
    let before_the_last = attempts.value.saturating_sub(1);
    let failing = within.value.0.saturating_mul(before_the_last);
    let needed = longest.saturating_mul(before_the_last);
    let (number, span) = (attempts.value, window.at.span());
    let help = format!("write window = \"{}\" or longer, or allow fewer attempts", Period(needed));
    if window.value.0 < failing {
        let message = format!(
            "the breaker can never open: {number} attempts that fail take {} at least, and the window is {}",
            Period(failing),
            window.value
        );
        findings.add(Rule::UnreachableBreaker, span, message, help);
    } else if window.value.0 < needed {
        let message = format!(
            "{number} attempts may take {} and more, so the first can leave the window of {} before the last is counted",
            Period(needed),
            window.value
        );
        findings.add(Rule::ShortWindow, span, message, help);
    }
}

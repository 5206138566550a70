//! Deadlines, budgets and times: none missing, none endless, none that cannot work together.

use super::Said;
use crate::playbook::diagnostic::Rule;
use crate::playbook::places::Step;
use crate::playbook::value::Period;
use crate::playbook::{Attachment, Mode, Playbook, Risk};

const DAY: Period = Period::from_secs(24 * 3600);
const MONTH: Period = Period::from_secs(30 * 24 * 3600);
const MOST_ATTEMPTS: u32 = 100;

pub fn lint(playbook: &Playbook, said: &mut Said<'_, '_>) {
    if playbook.mode == Mode::Auto && playbook.risk == Risk::High {
        said.say(
            Rule::HighRiskActs,
            &[Step::Key("mode"), Step::Item(0)],
            "high risk always asks: it cannot be `auto`",
            "mode = \"ask\"",
        );
    }
    times(playbook, said);
    budget(playbook, said);
    breaker(playbook, said);
    names(playbook, said);
    attachments(playbook, said);
}

fn times(playbook: &Playbook, said: &mut Said<'_, '_>) {
    let (verify, detect) = (Step::Key("verify"), Step::Key("detect"));
    long(playbook.detect.hold, DAY, &[detect, Step::Key("for")], said);
    zero(playbook.verify.within, &[verify, Step::Key("within")], said);
    long(playbook.verify.within, DAY, &[verify, Step::Key("within")], said);
    long(playbook.verify.soak, DAY, &[verify, Step::Key("soak")], said);
    for (at, rung) in playbook.remediate.iter().enumerate() {
        let path = [Step::Key("remediate"), Step::Item(at), Step::Key("timeout")];
        zero(rung.timeout, &path, said);
        long(rung.timeout, DAY, &path, said);
    }
    if let Some(cooldown) = playbook.cooldown {
        long(cooldown, MONTH, &[Step::Key("cooldown"), Step::Item(0)], said);
    }
}

fn zero(period: Period, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    if period.0.is_zero() {
        said.say(Rule::ZeroTime, path, "nothing is done in no time", "a length of time above zero, as \"30s\"");
    }
}

fn long(period: Period, longest: Period, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    if period > longest {
        said.say(
            Rule::LongTime,
            path,
            format!("`{period}` is longer than is ever useful"),
            format!("at most \"{longest}\""),
        );
    }
}

fn budget(playbook: &Playbook, said: &mut Said<'_, '_>) {
    let escalate = &playbook.escalate;
    let attempts = [Step::Key("escalate"), Step::Key("attempts")];
    let window = [Step::Key("escalate"), Step::Key("window")];
    if escalate.attempts == 0 {
        said.say(Rule::ZeroAttempts, &attempts, "no attempt is ever allowed", "attempts = 1; or mode = \"shadow\"");
    }
    if escalate.attempts > MOST_ATTEMPTS {
        said.say(
            Rule::ManyAttempts,
            &attempts,
            format!("{} attempts are a flap loop, not a remedy", escalate.attempts),
            "attempts = 3",
        );
    }
    zero(escalate.window, &window, said);
    long(escalate.window, MONTH, &window, said);
    let all = playbook.verify.within.0.saturating_mul(escalate.attempts.min(MOST_ATTEMPTS));
    if escalate.attempts > 1 && !escalate.window.0.is_zero() && all > escalate.window.0 {
        said.say(
            Rule::NarrowWindow,
            &window,
            format!(
                "the breaker could never open: {} attempts of up to {} each do not fit into {}",
                escalate.attempts, playbook.verify.within, escalate.window
            ),
            format!("window = \"{}\" or longer", Period(all)),
        );
    }
}

fn breaker(playbook: &Playbook, said: &mut Said<'_, '_>) {
    let limits = playbook.breaker;
    let path = [Step::Key("breaker"), Step::Item(0)];
    if limits.cooldown.0.is_zero() || limits.latch_after == 0 || limits.longest < limits.cooldown {
        said.say(
            Rule::BreakerTimes,
            &path,
            "a breaker needs a cooldown above zero, `longest` no shorter than it, and `latch_after` of at least 1",
            "breaker = { cooldown = \"30m\", longest = \"4h\", latch_after = 3 }",
        );
    }
    long(limits.longest, MONTH, &path, said);
}

fn names(playbook: &Playbook, said: &mut Said<'_, '_>) {
    let mut seen: Vec<&str> = Vec::new();
    for (at, channel) in playbook.escalate.to.iter().enumerate() {
        if seen.contains(&channel.as_str()) {
            let path = [Step::Key("escalate"), Step::Key("to"), Step::Item(at)];
            said.say(Rule::TwiceNamed, &path, format!("`{channel}` is named twice"), "each channel once");
        }
        seen.push(channel);
    }
    for (at, need) in playbook.needs.iter().enumerate() {
        if **need == *playbook.name || **need == *playbook.title {
            let path = [Step::Key("needs"), Step::Item(at)];
            said.say(Rule::NeedsItself, &path, "a playbook cannot wait for itself", "the name or title of another one");
        }
    }
}

fn attachments(playbook: &Playbook, said: &mut Said<'_, '_>) {
    for (at, attachment) in playbook.escalate.attach.iter().enumerate() {
        let right = match attachment {
            Attachment::Journal(journal) if !(1..=10_000).contains(&journal.lines) => "1 to 10000 lines",
            Attachment::DiskUsage(usage) if !(1..=10).contains(&usage.depth) || !(1..=200).contains(&usage.top) => {
                "a depth of 1 to 10, and 1 to 200 rows"
            }
            _ => continue,
        };
        let path = [Step::Key("escalate"), Step::Key("attach"), Step::Item(at)];
        said.say(Rule::AttachmentSize, &path, "this attachment's size is out of bounds", right);
    }
}

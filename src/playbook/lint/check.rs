//! Every check looks at something, in the right unit, and can tell.

use super::Said;
use super::target::{is_address, unit_name};
use crate::playbook::diagnostic::Rule;
use crate::playbook::places::Step;
use crate::playbook::value::{Amount, Bound, Period};
use crate::playbook::{Check, Playbook, TargetSpec};

pub fn lint(playbook: &Playbook, said: &mut Said<'_, '_>) {
    for (part, checks) in [("detect", &playbook.detect.checks), ("verify", &playbook.verify.checks)] {
        let mut seen: Vec<&str> = Vec::new();
        for check in checks {
            let kind = check.kind();
            let item = seen.iter().filter(|before| **before == kind).count();
            seen.push(kind);
            one(check, playbook, &[Step::Key(part), Step::Key(kind), Step::Item(item)], said);
        }
    }
}

/// One check at its place.
fn one(check: &Check, playbook: &Playbook, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    if !check.has_condition() {
        said.say(
            Rule::NoCondition,
            path,
            format!("this `{}` looks at something and asks nothing of it", check.kind()),
            format!("a condition, as {}", check.example()),
        );
    }
    if !check.names_object() && !playbook.targets.iter().all(|target| supplies(target, check)) {
        said.say(
            Rule::ObjectMissing,
            path,
            format!("this `{}` does not say what to look at, and the target does not either", check.kind()),
            format!("name it, as {}", check.example()),
        );
    }
    named_objects(check, path, said);
    for (key, bound, units) in bounds(check) {
        let fits = match bound.amount {
            Amount::Percent(_) => units.contains(&Unit::Percent),
            Amount::Bytes(_) => units.contains(&Unit::Bytes),
            Amount::Count(_) => units.contains(&Unit::Count),
        };
        if !fits {
            let place: Vec<Step<'_>> = path.iter().copied().chain([Step::Key(key)]).collect();
            let figure = bound.amount.figure();
            let right: Vec<String> =
                units.iter().map(|unit| format!("\"{} {figure}{}\"", bound.comparison, unit.sign())).collect();
            said.say(
                Rule::WrongUnit,
                &place,
                format!("`{bound}` is in the wrong unit, or has none, for `{key}`"),
                right.join(" or "),
            );
        }
    }
    for (key, period) in periods(check) {
        if period.0.is_zero() {
            let place: Vec<Step<'_>> = path.iter().copied().chain([Step::Key(key)]).collect();
            said.say(Rule::ZeroTime, &place, format!("`{key}` is zero"), format!("{key} = \"10s\""));
        }
    }
}

fn named_objects(check: &Check, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    match check {
        Check::Unit(unit) => {
            if let Some(name) = &unit.name {
                unit_name(name, path, said);
            }
        }
        Check::Tcp(tcp) if tcp.address.as_ref().is_some_and(|address| !is_address(address)) => {
            said.say(Rule::TargetName, path, "this is no host with a port", "address = \"127.0.0.1:6379\"");
        }
        Check::Http(http) if http.url.as_ref().is_some_and(|url| !url.starts_with("http")) => {
            said.say(Rule::TargetName, path, "this is no web address", "url = \"http://127.0.0.1/healthz\"");
        }
        _ => {}
    }
}

/// Can this target stand in for the object that a check leaves out?
fn supplies(target: &TargetSpec, check: &Check) -> bool {
    matches!(
        (target, check),
        (TargetSpec::Unit(_), Check::Unit(_))
            | (TargetSpec::Process(_), Check::Process(_))
            | (TargetSpec::Mount(_), Check::Filesystem(_))
            | (TargetSpec::Url(_), Check::Http(_))
            | (TargetSpec::Address(_), Check::Tcp(_))
            | (_, Check::Command(_) | Check::Load(_) | Check::Memory(_) | Check::Pressure(_))
    )
}

/// What a bound may be counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Percent,
    Bytes,
    Count,
}

impl Unit {
    const fn sign(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Bytes => "GiB",
            Self::Count => "",
        }
    }
}

fn bounds(check: &Check) -> Vec<(&'static str, Bound, &'static [Unit])> {
    const ROOM: &[Unit] = &[Unit::Percent, Unit::Bytes];
    const SHARE: &[Unit] = &[Unit::Percent];
    const COUNT: &[Unit] = &[Unit::Count];
    let all: Vec<(&'static str, Option<Bound>, &'static [Unit])> = match check {
        Check::Unit(unit) => vec![("restarts", unit.restarts, COUNT)],
        Check::Process(process) => vec![("count", process.count, COUNT), ("memory", process.memory, &[Unit::Bytes])],
        Check::Filesystem(room) => vec![
            ("used", room.used, ROOM),
            ("free", room.free, ROOM),
            ("inodes", room.inodes, &[Unit::Percent, Unit::Count]),
        ],
        Check::Load(load) => vec![("per_core", load.per_core, COUNT)],
        Check::Memory(memory) => vec![("used", memory.used, ROOM), ("swap", memory.swap, ROOM)],
        Check::Pressure(pressure) => {
            vec![("cpu", pressure.cpu, SHARE), ("memory", pressure.memory, SHARE), ("io", pressure.io, SHARE)]
        }
        Check::Http(_) | Check::Tcp(_) | Check::Command(_) => Vec::new(),
    };
    all.into_iter().filter_map(|(key, bound, units)| Some((key, bound?, units))).collect()
}

fn periods(check: &Check) -> Vec<(&'static str, Period)> {
    let (every, timeout) = match check {
        Check::Unit(_) => (None, None),
        Check::Process(check) => (check.every, check.timeout),
        Check::Filesystem(check) => (check.every, check.timeout),
        Check::Http(check) => (check.every, check.timeout),
        Check::Tcp(check) => (check.every, check.timeout),
        Check::Command(check) => (check.every, check.timeout),
        Check::Load(check) => (check.every, None),
        Check::Memory(check) => (check.every, None),
        Check::Pressure(check) => (check.every, None),
    };
    [("every", every), ("timeout", timeout)].into_iter().filter_map(|(key, period)| Some((key, period?))).collect()
}

impl Check {
    /// The kind's word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unit(_) => "unit",
            Self::Process(_) => "process",
            Self::Filesystem(_) => "filesystem",
            Self::Http(_) => "http",
            Self::Tcp(_) => "tcp",
            Self::Command(_) => "command",
            Self::Load(_) => "load",
            Self::Memory(_) => "memory",
            Self::Pressure(_) => "pressure",
        }
    }

    /// A right form of the kind.
    #[must_use]
    pub const fn example(&self) -> &'static str {
        match self {
            Self::Unit(_) => "unit = { name = \"nginx.service\", state = \"active\" }",
            Self::Process(_) => "process = { name = \"worker\", exists = true }",
            Self::Filesystem(_) => "filesystem = { mount = \"/\", used = \"< 80%\" }",
            Self::Http(_) => "http = { url = \"http://127.0.0.1/healthz\", status = 200 }",
            Self::Tcp(_) => "tcp = { address = \"127.0.0.1:6379\" }",
            Self::Command(_) => "command = { run = [\"pg_isready\", \"-q\"], exit = 0 }",
            Self::Load(_) => "load = { per_core = \"< 4\" }",
            Self::Memory(_) => "memory = { used = \"< 90%\" }",
            Self::Pressure(_) => "pressure = { memory = \"< 10%\" }",
        }
    }

    fn has_condition(&self) -> bool {
        match self {
            Self::Unit(c) => c.state.is_some() || c.sub.is_some() || c.result.is_some() || c.restarts.is_some(),
            Self::Process(c) => c.exists.is_some() || c.count.is_some() || c.memory.is_some(),
            Self::Filesystem(c) => c.used.is_some() || c.free.is_some() || c.inodes.is_some() || c.read_only.is_some(),
            Self::Http(c) => c.status.is_some() || c.body.is_some() || c.latency.is_some(),
            // a bare connection is the condition
            Self::Tcp(_) => true,
            Self::Command(c) => c.exit.is_some() || c.output.is_some(),
            Self::Load(c) => c.per_core.is_some(),
            Self::Memory(c) => c.used.is_some() || c.swap.is_some(),
            Self::Pressure(c) => c.cpu.is_some() || c.memory.is_some() || c.io.is_some(),
        }
    }

    fn names_object(&self) -> bool {
        match self {
            Self::Unit(c) => c.name.is_some(),
            Self::Process(c) => c.name.is_some() || c.pidfile.is_some(),
            Self::Filesystem(c) => c.mount.is_some(),
            Self::Http(c) => c.url.is_some(),
            Self::Tcp(c) => c.address.is_some(),
            Self::Command(_) | Self::Load(_) | Self::Memory(_) | Self::Pressure(_) => true,
        }
    }
}

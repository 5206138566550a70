//! A check taken apart: what it looks at, what it asks, how often and how long.

use super::sets::Condition;
use crate::playbook::check::Check;
use crate::playbook::model::TargetSpec;
use crate::playbook::value::{Amount, Bound, Period};

/// What a bound may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Percent,
    PercentOrBytes,
    PercentOrCount,
    Bytes,
    Count,
}

/// One check, taken apart.
#[derive(Debug)]
pub struct Parts<'c> {
    /// The key under which the object may stand; none for checks of the host.
    pub object_key: Option<&'static str>,
    /// The object as written.
    pub object: Option<&'c str>,
    /// The kind of target that the object can come from.
    pub from: Option<&'static str>,
    /// Key and condition.
    pub conditions: Vec<(&'static str, Condition)>,
    /// Key, bound and what it may be written in.
    pub bounds: Vec<(&'static str, Bound, Unit)>,
    pub every: Option<Period>,
    pub timeout: Option<Period>,
}

impl<'c> Parts<'c> {
    /// Takes a check apart.
    pub fn of(check: &'c Check) -> Self {
        match check {
            Check::Unit(check) => Self::with("name", "unit", check.name.as_deref(), None, None)
                .condition("state", check.state.map(Condition::State))
                .condition("sub", check.sub.clone().map(Condition::Word))
                .condition("result", check.result.clone().map(Condition::Word))
                .bound("restarts", check.restarts, Unit::Count),
            Check::Process(check) => Self::with(
                "name",
                "process",
                check.name.as_deref().or(check.pidfile.as_deref()).or(check.user.as_deref()),
                check.every,
                check.timeout,
            )
            .condition("exists", check.exists.map(Condition::Flag))
            .bound("count", check.count, Unit::Count)
            .bound("memory", check.memory, Unit::Bytes),
            Check::Filesystem(check) => {
                Self::with("mount", "mount", check.mount.as_deref(), check.every, check.timeout)
                    .bound("used", check.used, Unit::PercentOrBytes)
                    .bound("free", check.free, Unit::PercentOrBytes)
                    .bound("inodes", check.inodes, Unit::PercentOrCount)
                    .condition("read_only", check.read_only.map(Condition::Flag))
            }
            Check::Http(check) => Self::with("url", "url", check.url.as_deref(), check.every, check.timeout)
                .condition("status", check.status.map(Condition::Number))
                .condition("body", check.body.clone().map(Condition::Holds))
                .condition("latency", check.latency.map(Condition::Latency)),
            Check::Tcp(check) => Self::with("address", "address", check.address.as_deref(), check.every, check.timeout)
                .condition("open", Some(Condition::Flag(check.open.unwrap_or(true)))),
            Check::Command(check) => Self::without(check.every, check.timeout)
                .condition("exit", check.exit.map(Condition::Number))
                .condition("output", check.output.clone().map(Condition::Holds)),
            Check::Load(check) => Self::without(check.every, None).bound("per_core", check.per_core, Unit::Count),
            Check::Memory(check) => Self::without(check.every, None)
                .bound("used", check.used, Unit::PercentOrBytes)
                .bound("swap", check.swap, Unit::PercentOrBytes),
            Check::Pressure(check) => Self::without(check.every, None)
                .bound("cpu", check.cpu, Unit::Percent)
                .bound("memory", check.memory, Unit::Percent)
                .bound("io", check.io, Unit::Percent),
        }
    }

    fn without(every: Option<Period>, timeout: Option<Period>) -> Self {
        Self { object_key: None, object: None, from: None, conditions: Vec::new(), bounds: Vec::new(), every, timeout }
    }

    fn with(
        key: &'static str,
        from: &'static str,
        object: Option<&'c str>,
        every: Option<Period>,
        timeout: Option<Period>,
    ) -> Self {
        Self { object_key: Some(key), from: Some(from), object, ..Self::without(every, timeout) }
    }

    fn condition(mut self, key: &'static str, condition: Option<Condition>) -> Self {
        self.conditions.extend(condition.map(|condition| (key, condition)));
        self
    }

    fn bound(mut self, key: &'static str, bound: Option<Bound>, unit: Unit) -> Self {
        self.bounds.extend(bound.map(|bound| (key, bound, unit)));
        self.condition(key, bound.map(Condition::Bound))
    }
}

/// Do these two look at the same thing? Where one takes its object from the target, the other may name that target.
pub fn same_object(a: &Check, b: &Check, targets: &[&TargetSpec]) -> bool {
    if a.kind() != b.kind() {
        return false;
    }
    match (a, b) {
        (Check::Command(a), Check::Command(b)) => a.run == b.run,
        (Check::Process(a), Check::Process(b)) if a.pidfile != b.pidfile || a.user != b.user => false,
        _ => {
            let (a, b) = (Parts::of(a), Parts::of(b));
            let target = |object| match (object, targets) {
                (None, [only]) => Some(spec_name(only)),
                (object, _) => object,
            };
            target(a.object) == target(b.object)
        }
    }
}

/// The kind's word.
pub fn spec_kind(spec: &TargetSpec) -> &'static str {
    match spec {
        TargetSpec::Unit(_) => "unit",
        TargetSpec::Mount(_) => "mount",
        TargetSpec::Process(_) => "process",
        TargetSpec::Path(_) => "path",
        TargetSpec::Url(_) => "url",
        TargetSpec::Address(_) => "address",
        TargetSpec::Host => "host",
    }
}

/// The name as written.
pub fn spec_name(spec: &TargetSpec) -> &str {
    match spec {
        TargetSpec::Unit(name)
        | TargetSpec::Mount(name)
        | TargetSpec::Process(name)
        | TargetSpec::Path(name)
        | TargetSpec::Url(name)
        | TargetSpec::Address(name) => name,
        TargetSpec::Host => "host",
    }
}

impl Unit {
    /// May this amount stand here?
    pub fn takes(self, amount: Amount) -> bool {
        matches!(
            (self, amount),
            (Self::Percent | Self::PercentOrBytes | Self::PercentOrCount, Amount::Percent(_))
                | (Self::PercentOrBytes | Self::Bytes, Amount::Bytes(_))
                | (Self::PercentOrCount | Self::Count, Amount::Count(_))
        )
    }

    /// The right form of a bound.
    pub fn form(self, bound: Bound) -> String {
        let (sign, figure) = (bound.comparison, bound.amount.figure());
        let percent = || if figure <= 100.0 { format!("\"{sign} {figure}%\"") } else { format!("\"{sign} 85%\"") };
        match self {
            Self::Percent => percent(),
            Self::PercentOrBytes => format!("{} of the whole, or \"{sign} 5GiB\"", percent()),
            Self::PercentOrCount => format!("{} of the whole, or a count, as \"{sign} 1000\"", percent()),
            Self::Bytes => format!("an amount of bytes, as \"{sign} 512MiB\""),
            Self::Count => format!("a plain number, as \"{sign} 3\""),
        }
    }
}

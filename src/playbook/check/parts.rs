//! A check taken apart, so that lint, reading and the engine need not know which kind it is.

use std::ops::RangeInclusive;

use crate::playbook::value::{
    Amount, Bound, LatencyBound, Period, Template, WantedNumber, WantedState, WantedText, WantedWord,
};

/// What one condition requires.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A unit's state.
    State(WantedState),
    /// A number, or any other.
    Number(WantedNumber),
    /// Exactly this word.
    Word(String),
    /// This word, or any other.
    Wanted(WantedWord),
    /// So, or not so.
    Flag(bool),
    /// A comparison with an amount.
    Bound(Bound),
    /// A comparison with a length of time.
    Latency(LatencyBound),
    /// Text that must be found, or must not: two of them may both be.
    Holds(WantedText),
}

/// What a bound may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Percent of the whole.
    Percent,
    /// Percent of the whole, or bytes.
    PercentOrBytes,
    /// Percent of the whole, or a count.
    PercentOrCount,
    /// An amount of bytes, such as `5GiB`.
    Bytes,
    /// A plain number.
    Count,
}

/// What a name in a check is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// The full name of one systemd unit.
    Unit,
    /// The name of a program, as in `comm`.
    Process,
    /// An absolute path.
    Path,
    /// A web address.
    Url,
    /// Host and port.
    Address,
    /// A name of DNS.
    Host,
    /// A server of DNS: an address, with or without a port.
    Server,
    /// The name of a container, as its engine knows it.
    Container,
    /// A network link.
    Link,
}

/// One check, taken apart.
#[derive(Debug, Default)]
#[must_use = "a check's parts do nothing by themselves"]
pub struct CheckParts<'c> {
    /// The key under which the object may stand; none for checks of the host.
    pub object_key: Option<&'static str>,
    /// The object as written.
    pub object: Option<&'c str>,
    /// The kinds of target that the object can come from; none: it must be written.
    pub from: &'static [&'static str],
    /// What else tells two objects apart.
    pub besides: Option<String>,
    /// Key and condition.
    pub conditions: Vec<(&'static str, Condition)>,
    /// Key, bound and what it may be written in.
    pub bounds: Vec<(&'static str, Bound, Unit)>,
    /// Key, the numbers that mean something, and what they are.
    pub ranges: Vec<(&'static str, RangeInclusive<u16>, &'static str)>,
    /// Key, name and what it is the name of.
    pub names: Vec<(&'static str, &'c str, NameKind)>,
    /// Key and text that is shown or looked for.
    pub texts: Vec<(&'static str, &'c str)>,
    /// Key and the argument list of a program.
    pub arguments: Option<(&'static str, &'c [Template])>,
    /// Key and words: two conditions that can never hold together.
    pub never: Option<(&'static str, String)>,
    /// Key, what is wrong with its value, and the right form.
    pub wrong: Vec<(&'static str, String, &'static str)>,
    /// Key and the time over which something is counted.
    pub window: Option<(&'static str, Period)>,
    /// How often to probe, where the check says.
    pub every: Option<Period>,
    /// How long a probe may take, where the check says.
    pub timeout: Option<Period>,
}

impl<'c> CheckParts<'c> {
    /// Of a check without an object.
    pub fn of_the_host() -> Self {
        Self::default()
    }

    /// Of a check whose object is written under `key`, or comes from a target of the kind `from`.
    pub fn with(key: &'static str, from: &'static [&'static str], object: Option<&'c str>) -> Self {
        Self { object_key: Some(key), from, object, ..Self::default() }
    }

    /// How often to probe, where the check says.
    pub fn every(self, every: Option<Period>) -> Self {
        Self { every, ..self }
    }

    /// How long a probe may take, where the check says.
    pub fn timeout(self, timeout: Option<Period>) -> Self {
        Self { timeout, ..self }
    }

    /// What else distinguishes two objects of the same name.
    pub fn besides(self, besides: String) -> Self {
        Self { besides: Some(besides), ..self }
    }

    /// Two conditions that can never hold together: the key, and a message.
    pub fn never(self, never: Option<(&'static str, String)>) -> Self {
        Self { never: self.never.or(never), ..self }
    }

    /// A value that is wrong by itself: the key, a message, and the right form.
    pub fn wrong(mut self, wrong: Option<(&'static str, String, &'static str)>) -> Self {
        self.wrong.extend(wrong);
        self
    }

    /// The time over which something is counted.
    pub fn window(self, key: &'static str, window: Option<Period>) -> Self {
        Self { window: window.map(|window| (key, window)), ..self }
    }

    /// A condition that is one word, or any other word.
    pub fn wanted(self, key: &'static str, wanted: Option<&'c WantedWord>) -> Self {
        self.text(key, wanted.map(|wanted| wanted.word.as_str()))
            .condition(key, wanted.map(|wanted| Condition::Wanted(wanted.clone())))
    }

    /// The program and its arguments, which are the object too.
    pub fn arguments(self, key: &'static str, argv: &'c [Template]) -> Self {
        let besides = Some(argv.iter().map(|argument| argument.0.as_str()).collect::<Vec<_>>().join("\0"));
        Self { arguments: Some((key, argv)), besides, ..self }
    }

    /// A name, and what it is the name of.
    pub fn named(mut self, key: &'static str, name: Option<&'c str>, what: NameKind) -> Self {
        self.names.extend(name.map(|name| (key, name, what)));
        self
    }

    /// Text that is shown or looked for.
    pub fn text(mut self, key: &'static str, text: Option<&'c str>) -> Self {
        self.texts.extend(text.map(|text| (key, text)));
        self
    }

    /// The numbers that mean something for a key, and what they are.
    pub fn range(mut self, key: &'static str, fit: RangeInclusive<u16>, what: &'static str) -> Self {
        self.ranges.push((key, fit, what));
        self
    }

    /// A condition, where the check sets it.
    pub fn condition(mut self, key: &'static str, condition: Option<Condition>) -> Self {
        self.conditions.extend(condition.map(|condition| (key, condition)));
        self
    }

    /// A condition that is one word.
    pub fn word(self, key: &'static str, word: Option<&'c str>) -> Self {
        self.text(key, word).condition(key, word.map(|word| Condition::Word(word.into())))
    }

    /// A condition that is text to be found, or not to be.
    pub fn holds(self, key: &'static str, wanted: Option<&'c WantedText>) -> Self {
        self.text(key, wanted.map(|wanted| wanted.text.as_str()))
            .condition(key, wanted.map(|wanted| Condition::Holds(wanted.clone())))
    }

    /// A bound as a condition, and the unit that it may be written in.
    pub fn bound(mut self, key: &'static str, bound: Option<Bound>, unit: Unit) -> Self {
        self.bounds.extend(bound.map(|bound| (key, bound, unit)));
        self.condition(key, bound.map(Condition::Bound))
    }
}

impl Unit {
    /// May this amount stand here?
    #[must_use]
    pub fn takes(self, amount: Amount) -> bool {
        matches!(
            (self, amount),
            (Self::Percent | Self::PercentOrBytes | Self::PercentOrCount, Amount::Percent(_))
                | (Self::PercentOrBytes | Self::Bytes, Amount::Bytes(_))
                | (Self::PercentOrCount | Self::Count, Amount::Count(_))
        )
    }

    /// The right form of a bound.
    #[must_use]
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

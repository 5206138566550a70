//! What was seen, and how often: a run that never saw a thing has not tested it.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::names;

#[derive(Debug, Default, Clone)]
pub struct Coverage {
    counts: BTreeMap<(&'static str, &'static str), u64>,
    pub incidents: u64,
    pub records: u64,
    pub inputs: u64,
    pub worlds: u64,
    pub hours: u64,
    /// Worlds that broke an invariant.
    pub broken: u64,
}

impl Coverage {
    pub fn count(&mut self, group: &'static str, name: &'static str) {
        *self.counts.entry((group, name)).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            *self.counts.entry(*name).or_default() += count;
        }
        self.incidents += other.incidents;
        self.records += other.records;
        self.inputs += other.inputs;
        self.worlds += other.worlds;
        self.hours += other.hours;
        self.broken += other.broken;
    }

    /// What a long run must have seen and has not.
    pub fn missing(&self) -> Vec<String> {
        let lack = |(group, name): &(&'static str, &'static str)| {
            (!self.counts.contains_key(&(*group, *name))).then(|| format!("{group}: {name}"))
        };
        required().iter().filter_map(lack).collect()
    }

    /// The table, in groups, most frequent first.
    pub fn table(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        let mut groups: BTreeMap<&str, Vec<(&str, u64)>> = BTreeMap::new();
        for ((group, name), count) in &self.counts {
            groups.entry(group).or_default().push((name, *count));
        }
        for (group, name) in required() {
            if !self.counts.contains_key(&(group, name)) {
                groups.entry(group).or_default().push((name, 0));
            }
        }
        for (group, mut rows) in groups {
            rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let _ = writeln!(text, "{group}");
            for row in rows.chunks(3) {
                let cells: Vec<String> = row.iter().map(|(name, count)| format!("{count:>11} {name:<37}")).collect();
                let _ = writeln!(text, "{}", cells.join("").trim_end());
            }
        }
        text
    }
}

/// Kinds that the machine never says: a playbook in mode off is not even watched, a relapse is judged, not paged, only the
/// journal finds that records were lost, and what flaps asks no more.
const UNREACHED: [(&str, &str); 5] = [
    ("denial", "off"),
    ("cause", "relapsed"),
    ("event", "records lost"),
    ("asks", "records lost"),
    ("asks", "flapping"),
];

fn required() -> Vec<(&'static str, &'static str)> {
    let groups: [(&str, &[&str]); 9] = [
        ("event", names::EVENTS),
        ("denial", names::DENIALS),
        ("cause", names::CAUSES),
        ("outcome", names::OUTCOMES),
        ("starter", names::STARTERS),
        ("breaker", names::BREAKERS),
        ("asks", names::ASKS),
        ("command", names::COMMANDS),
        ("refusal", names::REFUSALS),
    ];
    let mut all: Vec<_> = groups.iter().flat_map(|(group, names)| names.iter().map(|name| (*group, *name))).collect();
    all.retain(|kind| !UNREACHED.contains(kind));
    all.extend(Fault::ALL.iter().map(|fault| ("fault", fault.word())));
    all.extend(names::INPUTS.iter().chain(names::EFFECTS).map(|name| ("input or effect", *name)));
    all
}

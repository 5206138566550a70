//! Text to model, every mistake collected with its place.
//!
//! The text is parsed into a tree with places, and each part of the tree goes through the serde type of its kind.
//! serde stops at the first mistake; so the offending entry is recorded, struck out of a copy of the tree, and the
//! part is read again, until nothing is wrong with what is left.

use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Rule, Severity, nearest};
use super::model::{
    Attachment, BreakerLimits, ContentKey, Detect, EnabledWhen, Escalate, Mode, Origin, Playbook, Risk, Rung,
    TargetSpec, Verify,
};
use super::places::{Places, first_line};
use super::value::{DayWindow, Period};
use super::{Action, Check, lint};

/// A file may not be larger, in bytes.
pub const LARGEST: usize = 64 * 1024;
/// A rung's deadline where none is written.
const RUNG_TIMEOUT: Period = Period::from_secs(5 * 60);

/// What reading a file came to.
#[derive(Debug)]
pub struct Read {
    /// The playbook; none where any diagnostic is an error.
    pub playbook: Option<Playbook>,
    /// Everything that is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// The keys at the top of a file.
pub const KEYS: [&str; 15] = [
    "title",
    "target",
    "targets",
    "risk",
    "mode",
    "detect",
    "remediate",
    "verify",
    "escalate",
    "needs",
    "only_between",
    "cooldown",
    "breaker",
    "skip_if_stopped_by_operator",
    "enabled_when",
];

/// Reads a playbook. `file` is how it is named in diagnostics, `name` is what it will be called.
#[must_use]
pub fn read(file: &str, name: &str, origin: Origin, text: &str) -> Read {
    if text.len() > LARGEST {
        let message = format!("the file has {} bytes; a playbook has at most {LARGEST}", text.len());
        return Read {
            playbook: None,
            diagnostics: vec![Diagnostic::at(Rule::FileTooLarge, file, text, 0..0, message)],
        };
    }
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { file, text, diagnostics: Vec::new() };
    for error in errors {
        reader.say(Rule::Syntax, error.span().unwrap_or(0..0), error.message());
    }
    if !reader.diagnostics.is_empty() {
        return Read { playbook: None, diagnostics: reader.diagnostics };
    }
    let places = Places::new(file, text, &tree);
    let drafted = reader.file(name, origin, &tree);
    let mut diagnostics = reader.diagnostics;
    if let Some(draft) = &drafted {
        diagnostics.extend(lint::lint(draft, &places));
    }
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.rule));
    let wrong = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    Read { playbook: drafted.filter(|_| !wrong), diagnostics }
}

struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    diagnostics: Vec<Diagnostic>,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl<'t> Reader<'t> {
    fn say(&mut self, rule: Rule, span: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        let span = first_line(self.text, span);
        self.diagnostics.push(Diagnostic::at(rule, self.file, self.text, span, message));
        self.diagnostics.last_mut().expect("one was just pushed")
    }

    fn say_help(&mut self, rule: Rule, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let help = help.into();
        self.say(rule, span, message).help = Some(help);
    }

    /// The whole file; none where a part that the lint needs is missing or wrong.
    fn file(&mut self, name: &str, origin: Origin, tree: &Spanned<DeTable<'t>>) -> Option<Playbook> {
        let table = tree.get_ref();
        self.unknown_keys(table, &KEYS, Rule::UnknownKey);
        self.name(name);
        let title: Option<String> = self.required(table, "title", "title = \"nginx stays up\"");
        let targets = self.targets(table);
        let risk: Option<Risk> = self.required(table, "risk", "risk = \"low\"");
        let mode: Option<Mode> = self.required(table, "mode", "mode = \"ask\"");
        let detect = self.detect(table);
        let remediate = self.ladder(table);
        let verify = self.verify(table);
        let escalate = self.escalate(table);
        let needs = self.optional(table, "needs");
        let only_between: Option<Option<DayWindow>> = self.optional(table, "only_between");
        let cooldown: Option<Option<Period>> = self.optional(table, "cooldown");
        let breaker: Option<Option<BreakerLimits>> = self.optional(table, "breaker");
        let skip: Option<Option<bool>> = self.optional(table, "skip_if_stopped_by_operator");
        let enabled_when: Option<Option<EnabledWhen>> = self.optional(table, "enabled_when");
        let mut playbook = Playbook {
            name: name.into(),
            content: ContentKey("".into()),
            origin,
            source: self.text.into(),
            title: title?.into(),
            targets: targets?,
            risk: risk?,
            mode: mode?,
            detect: detect?,
            remediate: remediate?,
            verify: verify?,
            escalate: escalate?,
            needs: needs?.unwrap_or_default(),
            only_between: only_between?,
            cooldown: cooldown?,
            breaker: breaker?.unwrap_or_default(),
            skip_if_stopped_by_operator: skip?.unwrap_or(true),
            enabled_when: enabled_when?,
        };
        playbook.content = ContentKey::of(&playbook);
        Some(playbook)
    }

    fn name(&mut self, name: &str) {
        let sane = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
        if name.is_empty() || name.starts_with(['.', '-']) || name.len() > 64 || !name.chars().all(sane) {
            self.say_help(
                Rule::FileName,
                0..0,
                format!("`{name}` is no name for a playbook"),
                "a file name of letters, digits, `-`, `_`, `.` and `@`, at most 64, as nginx-up.toml",
            );
        }
    }

    fn targets(&mut self, table: &DeTable<'t>) -> Option<Vec<TargetSpec>> {
        match (get(table, "target"), get(table, "targets")) {
            (Some(_), Some(many)) => {
                self.say_help(
                    Rule::TwoTargets,
                    many.span(),
                    "both `target` and `targets` are written",
                    "one of them: `target` for one thing, `targets` for a list",
                );
                None
            }
            (Some(one), None) => self.take::<TargetSpec>(one).map(|target| vec![target]),
            (None, Some(many)) => self.take(many),
            (None, None) => {
                self.say_help(
                    Rule::NoTarget,
                    0..0,
                    "there is no target: what does this playbook act on?",
                    "target = { unit = \"nginx.service\" }",
                );
                None
            }
        }
    }

    fn detect(&mut self, table: &DeTable<'t>) -> Option<Detect> {
        const RIGHT: &str = "[detect] with at least one check, as unit = { state = \"not active\" }";
        let Some(value) = get(table, "detect") else {
            self.say_help(Rule::NoDetector, 0..0, "there is no `[detect]`: what says that something is wrong?", RIGHT);
            return None;
        };
        let part = self.table(value, RIGHT)?;
        let checks = self.checks(part, &["for"])?;
        let hold: Option<Option<Period>> = self.optional(part, "for");
        if checks.is_empty() {
            self.say_help(Rule::NoDetector, value.span(), "`[detect]` has no check", RIGHT);
            return None;
        }
        Some(Detect { checks, hold: hold?.unwrap_or_default() })
    }

    fn verify(&mut self, table: &DeTable<'t>) -> Option<Verify> {
        const RIGHT: &str = "[verify] with at least one check and `within`, as unit = { state = \"active\" }";
        const WHY: &str = "an operation without a verifiable success signal is a bad candidate for automation";
        let Some(value) = get(table, "verify") else {
            self.say_help(Rule::NoVerifier, 0..0, format!("there is no `[verify]`: {WHY}"), RIGHT);
            return None;
        };
        let part = self.table(value, RIGHT)?;
        let checks = self.checks(part, &["within", "soak"])?;
        let within: Option<Period> = self.required_in(part, value, "within", "within = \"60s\"");
        let soak: Option<Option<Period>> = self.optional(part, "soak");
        if checks.is_empty() {
            self.say_help(Rule::NoVerifier, value.span(), format!("`[verify]` has no check: {WHY}"), RIGHT);
            return None;
        }
        Some(Verify { checks, within: within?, soak: soak?.unwrap_or_default() })
    }

    /// Every check of a part, in the order of the kinds; none where any is wrong.
    fn checks(&mut self, part: &DeTable<'t>, besides: &[&str]) -> Option<Vec<Check>> {
        let known: Vec<&str> = besides.iter().copied().chain(Check::KINDS).collect();
        let mut sound = self.unknown_keys(part, &known, Rule::UnknownKind);
        let mut checks = Vec::new();
        for (kind, value) in part.iter().filter(|(kind, _)| Check::KINDS.contains(&kind.get_ref().as_ref())) {
            let items = match value.get_ref() {
                DeValue::Array(items) => items.iter().collect(),
                _ => vec![value],
            };
            for item in items {
                let mut single = DeTable::new();
                single.insert(kind.clone(), item.clone());
                let single = Spanned::new(item.span(), DeValue::Table(single));
                match self.take::<Check>(&single) {
                    Some(check) => checks.push(check),
                    None => sound = false,
                }
            }
        }
        sound.then_some(checks)
    }

    fn ladder(&mut self, table: &DeTable<'t>) -> Option<Vec<Arc<Rung>>> {
        const RIGHT: &str = "[[remediate]] with two brackets on each side, and do = [{ unit = \"restart\" }]";
        let Some(value) = get(table, "remediate") else { return Some(Vec::new()) };
        let DeValue::Array(rungs) = value.get_ref() else {
            self.say_help(Rule::WrongValue, value.span(), "`remediate` is a ladder: a list of rungs", RIGHT);
            return None;
        };
        let read: Vec<_> = rungs.iter().map(|rung| self.rung(rung)).collect();
        read.into_iter().collect()
    }

    fn rung(&mut self, value: &Value<'t>) -> Option<Arc<Rung>> {
        const RIGHT: &str = "do = [{ unit = \"restart\" }]";
        let part = self.table(value, RIGHT)?;
        let sound = self.unknown_keys(part, &["do", "timeout", "idempotent"], Rule::UnknownKey);
        let actions = match get(part, "do").map(|actions| (actions, actions.get_ref())) {
            Some((_, DeValue::Array(items))) => {
                let read: Vec<_> = items.iter().map(|item| self.take::<Action>(item)).collect();
                read.into_iter().collect()
            }
            Some((other, _)) => {
                self.say_help(Rule::WrongValue, other.span(), "`do` is a list of actions", RIGHT);
                None
            }
            None => {
                self.say_help(Rule::MissingKey, value.span(), "the rung has no `do`", RIGHT);
                None
            }
        };
        let timeout: Option<Option<Period>> = self.optional(part, "timeout");
        let idempotent: Option<Option<bool>> = self.optional(part, "idempotent");
        let rung = Rung {
            actions: actions?,
            timeout: timeout?.unwrap_or(RUNG_TIMEOUT),
            idempotent: idempotent?.unwrap_or(false),
        };
        sound.then(|| Arc::new(rung))
    }

    fn escalate(&mut self, table: &DeTable<'t>) -> Option<Escalate> {
        const RIGHT: &str = "[escalate] with attempts = 3 and window = \"10m\"";
        let Some(value) = get(table, "escalate") else {
            self.say_help(Rule::MissingKey, 0..0, "there is no `[escalate]`: attempts would be unbounded", RIGHT);
            return None;
        };
        let part = self.table(value, RIGHT)?;
        let sound = self.unknown_keys(part, &["attempts", "window", "to", "attach"], Rule::UnknownKey);
        let attempts: Option<u32> = self.required_in(part, value, "attempts", "attempts = 3");
        let window: Option<Period> = self.required_in(part, value, "window", "window = \"10m\"");
        let to: Option<Option<Vec<String>>> = self.optional(part, "to");
        let attach: Option<Option<Vec<Attachment>>> = self.optional(part, "attach");
        let escalate = Escalate {
            attempts: attempts?,
            window: window?,
            to: to?.unwrap_or_default(),
            attach: attach?.unwrap_or_default(),
        };
        sound.then_some(escalate)
    }

    /// Says every key that is not known, with the nearest one that is; true where all are.
    fn unknown_keys(&mut self, table: &DeTable<'t>, known: &[&str], rule: Rule) -> bool {
        let mut sound = true;
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            sound = false;
            let written = key.get_ref().as_ref();
            let what = if rule == Rule::UnknownKind { "kind of check" } else { "key" };
            let help = nearest(written, known.iter().copied())
                .map_or_else(|| format!("one of {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
            self.say_help(rule, key.span(), format!("`{written}` is no {what}"), help);
        }
        sound
    }

    fn table<'v>(&mut self, value: &'v Value<'t>, right: &str) -> Option<&'v DeTable<'t>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        let message = format!("a {} stands where a table is due", value.get_ref().type_str());
        self.say_help(Rule::WrongValue, value.span(), message, right);
        None
    }

    fn required<T: DeserializeOwned>(&mut self, table: &DeTable<'t>, key: &str, right: &str) -> Option<T> {
        if get(table, key).is_none() {
            self.say_help(Rule::MissingKey, 0..0, format!("`{key}` is missing"), right);
        }
        self.take(get(table, key)?)
    }

    fn required_in<T: DeserializeOwned>(
        &mut self,
        part: &DeTable<'t>,
        whole: &Value<'t>,
        key: &str,
        right: &str,
    ) -> Option<T> {
        if get(part, key).is_none() {
            self.say_help(Rule::MissingKey, whole.span(), format!("`{key}` is missing"), right);
        }
        self.take(get(part, key)?)
    }

    /// `Some(None)` where it is not written, `None` where it is wrong.
    #[allow(clippy::option_option, reason = "absent and wrong are two things")]
    fn optional<T: DeserializeOwned>(&mut self, table: &DeTable<'t>, key: &str) -> Option<Option<T>> {
        match get(table, key) {
            None => Some(None),
            Some(value) => self.take(value).map(Some),
        }
    }

    /// Reads a value as its type; says everything that is wrong with it, one strike at a time.
    fn take<T: DeserializeOwned>(&mut self, value: &Value<'t>) -> Option<T> {
        let mut rest = value.clone();
        let mut sound = true;
        loop {
            let error = match T::deserialize(toml::de::ValueDeserializer::from(rest.clone())) {
                Ok(read) => return sound.then_some(read),
                Err(error) => error,
            };
            let said = self.diagnostics.len();
            let span = error.span().unwrap_or_else(|| rest.span());
            self.explain(error.message(), span.clone());
            // a mistake that could not be struck out, or that shows again, ends the reading of this value
            let again = self.diagnostics[..said].contains(&self.diagnostics[said]);
            if again {
                self.diagnostics.truncate(said);
                return None;
            }
            sound = false;
            if !strike(&mut rest, &span) {
                return None;
            }
        }
    }

    /// serde's words in an operator's.
    fn explain(&mut self, message: &str, span: Range<usize>) {
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let written = quoted.first().copied().unwrap_or_default();
        let near = |known: &[&str]| {
            nearest(written, known.iter().copied())
                .map_or_else(|| format!("one of {}", known.join(", ")), |near| format!("did you mean `{near}`?"))
        };
        if message.starts_with("unknown field") {
            let help = if quoted.len() > 1 { near(&quoted[1..]) } else { "nothing stands here".into() };
            self.say_help(Rule::UnknownKey, span, format!("`{written}` is no key here"), help);
        } else if message.starts_with("unknown variant") {
            let help = near(&quoted[1..]);
            let kinds = quoted.contains(&"clean") || quoted.contains(&"disk_usage") || quoted.contains(&"mount");
            let rule = if kinds { Rule::UnknownKind } else { Rule::WrongValue };
            self.say_help(rule, span, format!("`{written}` is not known here"), help);
        } else if message.starts_with("missing field") {
            self.say(Rule::MissingKey, span, format!("`{written}` is missing"));
        } else if message.contains("untagged enum UnitAction") {
            let right = "\"restart\" (or \"start\", \"reload\", \"reset-failed\", \"stop\"), or \
                         { name = \"php-fpm.service\", verb = \"restart\" }";
            self.say_help(Rule::WrongValue, span, "this is no action on a unit", right);
        } else if message.contains("untagged enum RunAction") {
            let right = "[\"apt-get\", \"clean\"]: a program and its arguments, each a text of its own";
            self.say_help(Rule::WrongValue, span, "this is no program with arguments", right);
        } else if message.starts_with("wanted exactly 1 element") {
            let right = "one kind in each, as [{ unit = \"restart\" }, { run = [\"apt-get\", \"clean\"] }]";
            self.say_help(Rule::WrongValue, span, "this names several kinds at once, or none", right);
        } else if let Some((wrong, right)) = message.split_once("; write ") {
            let rule = if wrong.contains("has no unit") { Rule::WrongUnit } else { Rule::WrongValue };
            self.say_help(rule, span, wrong, right);
        } else if let Some((wrong, expected)) = message.split_once(", expected ") {
            self.say_help(Rule::WrongValue, span, wrong.replace("invalid type:", "this is a"), plainly(expected));
        } else {
            self.say(Rule::WrongValue, span, message);
        }
    }
}

/// serde's name of a type, as an operator would say it.
fn plainly(expected: &str) -> &str {
    match expected {
        "u16" | "u32" | "u64" | "i64" => "a whole number, as 3",
        "a boolean" => "true or false",
        "a sequence" => "a list, as [\"oncall\"]",
        "a string" => "a text in quotes",
        other => other,
    }
}

fn get<'a, 't>(table: &'a DeTable<'t>, key: &str) -> Option<&'a Value<'t>> {
    table.iter().find(|(known, _)| known.get_ref() == key).map(|(_, value)| value)
}

/// Takes the innermost table entry or array item that holds this place out of a tree.
fn strike(value: &mut Value<'_>, span: &Range<usize>) -> bool {
    let holds = |outer: &Range<usize>| outer.start <= span.start && span.end <= outer.end;
    match value.get_mut() {
        DeValue::Table(table) => {
            let hit = table
                .iter()
                .find(|(key, value)| holds(&key.span()) || holds(&value.span()))
                .map(|(key, value)| (key.clone(), holds(&key.span()), value.span() == *span));
            let Some((key, at_key, whole)) = hit else { return false };
            let deeper = !at_key && !whole && table.get_mut(&key).is_some_and(|inner| strike(inner, span));
            deeper || table.remove(&key).is_some()
        }
        DeValue::Array(items) => items.iter_mut().any(|item| holds(&item.span()) && strike(item, span)),
        _ => false,
    }
}

impl ContentKey {
    /// Over everything that a playbook means: not its name, place, title, comments or layout.
    ///
    /// # Panics
    /// Never: a playbook has only text keys and finite numbers, which JSON can hold.
    #[must_use]
    pub fn of(playbook: &Playbook) -> Self {
        use sha2::Digest as _;

        #[derive(serde::Serialize)]
        struct Meaning<'a> {
            targets: &'a [TargetSpec],
            risk: Risk,
            mode: Mode,
            detect: &'a Detect,
            remediate: &'a [Arc<Rung>],
            verify: &'a Verify,
            escalate: &'a Escalate,
            needs: &'a [String],
            only_between: Option<DayWindow>,
            cooldown: Option<Period>,
            breaker: BreakerLimits,
            skip_if_stopped_by_operator: bool,
            enabled_when: &'a Option<EnabledWhen>,
        }
        let meaning = Meaning {
            targets: &playbook.targets,
            risk: playbook.risk,
            mode: playbook.mode,
            detect: &playbook.detect,
            remediate: &playbook.remediate,
            verify: &playbook.verify,
            escalate: &playbook.escalate,
            needs: &playbook.needs,
            only_between: playbook.only_between,
            cooldown: playbook.cooldown,
            breaker: playbook.breaker,
            skip_if_stopped_by_operator: playbook.skip_if_stopped_by_operator,
            enabled_when: &playbook.enabled_when,
        };
        let json = serde_json::to_vec(&meaning).expect("a playbook has only text keys and finite numbers");
        let digest = sha2::Sha256::digest(&json);
        let hex: String = digest
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect();
        Self(hex.into())
    }
}

//! The JSON Schema of the file format, from the same types that read it, so that editors complete and check.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, schema_for};
use serde_json::Value;

use super::action::Action;
use super::attachment::Attachment;
use super::check::Check;
use super::model::{BreakerLimits, EnabledWhen, Flapping, Mode, Need, Risk, TargetSpec};
use super::value::{DayWindow, Period};

/// A playbook of salve: detect, remediate, verify, escalate. One file, one failure class.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    title = "salve playbook",
    extend("oneOf" = [{ "required": ["target"] }, { "required": ["targets"] }])
)]
#[allow(dead_code, reason = "this is the format's shape; nobody builds one")]
pub(super) struct PlaybookFile {
    /// What holds while the target is healthy, as a sentence: `nginx stays up`.
    title: String,
    /// The only target that it acts on: `{ unit = "nginx.service" }`.
    #[schemars(default, with = "TargetSpec")]
    target: Option<TargetSpec>,
    /// Several targets, each treated separately: `[{ unit = "a.service" }, { unit = "b@*.service" }]`.
    #[schemars(default, with = "Vec<TargetSpec>", length(min = 1))]
    targets: Option<Vec<TargetSpec>>,
    /// How much may go wrong.
    risk: Risk,
    /// What it may do by itself.
    mode: Mode,
    /// What says that something is wrong.
    detect: Section<DetectKeys>,
    /// The ladder: the next rung only if verification failed. Empty: evidence and escalation only.
    #[schemars(default)]
    remediate: Vec<RungTable>,
    /// What says that it is right again.
    verify: Section<VerifyKeys>,
    /// The budget, and whom to call.
    #[schemars(default)]
    escalate: Option<EscalateTable>,
    /// What must be healthy before it acts: playbooks by name or title, or one target of a playbook with several.
    #[schemars(default)]
    needs: Vec<Need>,
    /// Attempts only in this window of the local day.
    #[schemars(default, with = "DayWindow")]
    only_between: Option<DayWindow>,
    /// Least time between two attempts on one target.
    #[schemars(default, with = "Period")]
    cooldown: Option<Period>,
    /// The breaker's times.
    #[schemars(default, with = "BreakerLimits")]
    breaker: Option<BreakerLimits>,
    /// Do not act on a unit that an operator stopped; true if left out.
    #[schemars(default, with = "bool")]
    skip_if_stopped_by_operator: Option<bool>,
    /// Not applicable unless this exists.
    #[schemars(default, with = "EnabledWhen")]
    enabled_when: Option<EnabledWhen>,
}

/// The detector fires when any check here holds for the hold time without a break.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "DetectTable")]
#[allow(dead_code, reason = "this is the format's shape; nobody builds one")]
pub(super) struct DetectKeys {
    /// The hold time, measured from the event; zero if left out.
    #[schemars(default, with = "Period")]
    r#for: Option<Period>,
    /// Whether a fault that comes and goes is one fault (`watch`, the default) or a new one each time (`ignore`).
    #[schemars(default, with = "Flapping")]
    flapping: Option<Flapping>,
}

/// Healed when all checks hold before the deadline, and go on holding for the soak.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "VerifyTable")]
#[allow(dead_code, reason = "this is the format's shape; nobody builds one")]
pub(super) struct VerifyKeys {
    /// How long after the last step the checks may take to hold.
    within: Period,
    /// How long the checks must go on holding after that; zero if left out.
    #[schemars(default, with = "Period")]
    soak: Option<Period>,
}

/// A section: its own keys, and one for each kind of check.
pub(super) struct Section<K>(PhantomData<K>);

impl<K: JsonSchema> JsonSchema for Section<K> {
    fn schema_name() -> Cow<'static, str> {
        K::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut section = K::json_schema(generator);
        let kinds = Check::schemas(generator);
        if let Some(Value::Object(keys)) = section.get_mut("properties") {
            for (kind, about, mut schema) in kinds {
                schema.insert("description".into(), about.into());
                keys.insert(kind.into(), schema.into());
            }
        }
        section
    }
}

/// One remediation of the ladder.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "this is the format's shape; nobody builds one")]
pub(super) struct RungTable {
    /// The actions, in order; the first that fails ends the attempt.
    #[schemars(length(min = 1))]
    r#do: Vec<Action>,
    /// The time limit of the whole rung; 5 minutes if left out.
    #[schemars(default, with = "Period")]
    timeout: Option<Period>,
    /// Whether it may be run again after a crash that left its outcome unknown; false if left out.
    #[schemars(default, with = "bool")]
    idempotent: Option<bool>,
}

/// The budget, and whom to call.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "this is the format's shape; nobody builds one")]
pub(super) struct EscalateTable {
    /// The attempt of this number in the window runs, opens the breaker, and pages. Required where there is a ladder.
    #[schemars(default, with = "u32", range(min = 1, max = 100))]
    attempts: Option<u32>,
    /// The sliding window in which attempts are counted. Required if there is a ladder.
    #[schemars(default, with = "Period")]
    window: Option<Period>,
    /// The channels to page, by name; the ticket folder if left out.
    #[schemars(default)]
    to: Vec<String>,
    /// Evidence to gather for the page.
    #[schemars(default)]
    attach: Vec<Attachment>,
}

/// The JSON Schema of a playbook file.
#[must_use]
pub fn schema() -> Value {
    schema_for!(PlaybookFile).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_check_stands_in_both_sections() {
        let schema = schema();
        for section in ["DetectTable", "VerifyTable"] {
            let known = schema["$defs"][section]["properties"].as_object().unwrap();
            assert!(Check::KINDS.iter().all(|kind| known.contains_key(*kind)), "{section}");
        }
    }

    #[test]
    fn the_kinds_are_those_of_the_types() {
        let kinds = |schema: &Value| -> Vec<String> {
            let variants = schema["oneOf"].as_array().unwrap();
            let mut names: Vec<String> =
                variants.iter().flat_map(|one| one["properties"].as_object().unwrap().keys().cloned()).collect();
            names.sort();
            names
        };
        let sorted = |mut names: Vec<&str>| {
            names.sort_unstable();
            names.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&schema_for!(Check).to_value()), sorted(Check::KINDS.to_vec()));
        assert_eq!(kinds(&schema_for!(Action).to_value()), sorted(Action::KINDS.to_vec()));
    }

    #[test]
    fn what_must_be_there_is_required() {
        let schema = schema();
        let required: Vec<&str> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(required, ["title", "risk", "mode", "detect", "verify"]);
        assert_eq!(schema["additionalProperties"], Value::Bool(false));
    }
}

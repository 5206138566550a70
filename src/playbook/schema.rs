//! The JSON Schema of the format, from the same types, so that editors complete and check.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::model::{Attachment, BreakerLimits, EnabledWhen, Mode, Risk, TargetSpec};
use super::value::{DayWindow, Period};
use super::{Action, Check};

/// The whole schema, of draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A salve playbook",
        "description": "One failure class: target, detector, ladder of remediations, verifier, escalation.",
        "type": "object",
        "additionalProperties": false,
        "required": ["title", "risk", "mode", "detect", "verify", "escalate"],
        "oneOf": [{ "required": ["target"] }, { "required": ["targets"] }],
        "properties": {
            "title": { "type": "string", "minLength": 1, "description": "What holds when all is well, as a sentence." },
            "target": of::<TargetSpec>(&mut generator),
            "targets": { "type": "array", "minItems": 1, "items": of::<TargetSpec>(&mut generator) },
            "risk": of::<Risk>(&mut generator),
            "mode": of::<Mode>(&mut generator),
            "detect": part(&mut generator, &["for"], &[]),
            "remediate": { "type": "array", "items": rung(&mut generator) },
            "verify": part(&mut generator, &["within", "soak"], &["within"]),
            "escalate": escalate(&mut generator),
            "needs": texts("Playbooks, by name or title, whose targets must be healthy."),
            "only_between": of::<DayWindow>(&mut generator),
            "cooldown": of::<Period>(&mut generator),
            "breaker": of::<BreakerLimits>(&mut generator),
            "skip_if_stopped_by_operator": { "type": "boolean", "default": true },
            "enabled_when": of::<EnabledWhen>(&mut generator),
        },
    });
    schema["$defs"] = Value::Object(generator.take_definitions(true));
    schema
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn texts(description: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": description })
}

/// `[detect]` or `[verify]`: one key per kind, one check or several, and some times besides.
fn part(generator: &mut SchemaGenerator, times: &[&str], required: &[&str]) -> Value {
    let mut properties = kinds(generator);
    for time in times {
        properties.insert((*time).to_owned(), of::<Period>(generator));
    }
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

/// Each kind of check as it may stand: a table, or an array of tables. Taken from the variants of [`Check`].
fn kinds(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let check = generator.root_schema_for::<Check>().to_value();
    let variants = check["oneOf"].as_array().cloned().unwrap_or_default();
    let mut kinds = Map::new();
    for variant in variants {
        for (kind, one) in variant["properties"].as_object().into_iter().flatten() {
            kinds.insert(kind.clone(), json!({ "anyOf": [one, { "type": "array", "items": one }] }));
        }
    }
    // the variants refer to definitions of their own
    let _ = of::<Check>(generator);
    kinds
}

fn rung(generator: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["do"],
        "properties": {
            "do": { "type": "array", "minItems": 1, "items": of::<Action>(generator) },
            "timeout": of::<Period>(generator),
            "idempotent": { "type": "boolean", "default": false },
        },
    })
}

fn escalate(generator: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["attempts", "window"],
        "properties": {
            "attempts": { "type": "integer", "minimum": 1, "maximum": 100 },
            "window": of::<Period>(generator),
            "to": texts("Channels by name; the ticket folder where left out."),
            "attach": { "type": "array", "items": of::<Attachment>(generator) },
        },
    })
}

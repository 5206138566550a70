//! The JSON Schema against the files: what loads fits the schema, and what breaks the form does not.

use std::fs;
use std::path::Path;

use salve::playbook::schema::schema;
use serde_json::{Value, json};

/// As much of JSON Schema as the format uses; a keyword that is not known here fails, so that none is passed over.
fn fits(value: &Value, schema: &Value, whole: &Value) -> Result<(), String> {
    let Some(keywords) = schema.as_object() else {
        return if schema == &json!(false) { Err("nothing may stand here".into()) } else { Ok(()) };
    };
    for (keyword, asked) in keywords {
        let fits = match keyword.as_str() {
            "$ref" => {
                let name = asked.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                fits(value, &whole["$defs"][name], whole)?;
                true
            }
            "type" => match asked {
                Value::Array(types) => types.iter().any(|one| is(value, one.as_str().unwrap())),
                one => is(value, one.as_str().unwrap()),
            },
            "oneOf" => count(value, asked, whole) == 1,
            "anyOf" => count(value, asked, whole) >= 1,
            "enum" => asked.as_array().unwrap().contains(value),
            "const" => asked == value,
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= asked.as_u64().unwrap()),
            "minimum" => value.as_f64().is_none_or(|number| number >= asked.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= asked.as_f64().unwrap()),
            "items" => {
                value.as_array().into_iter().flatten().try_for_each(|item| fits(item, asked, whole))?;
                true
            }
            "required" => value.as_object().is_none_or(|object| {
                asked.as_array().unwrap().iter().all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "properties" => {
                for (key, entry) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = asked.get(key) {
                        fits(entry, schema, whole).map_err(|why| format!("{key}: {why}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = keywords.get("properties").and_then(Value::as_object);
                let extra = value.as_object().into_iter().flatten();
                for (key, entry) in extra.filter(|(key, _)| !known.is_some_and(|known| known.contains_key(*key))) {
                    fits(entry, asked, whole).map_err(|why| format!("{key}: {why}"))?;
                }
                true
            }
            // the grammar of values is tested where it is read; these say nothing about form
            "pattern" | "examples" | "format" | "title" | "description" | "default" | "$schema" | "$defs" => true,
            other => panic!("the schema uses `{other}`"),
        };
        if !fits {
            return Err(format!("{value} does not fit {keyword} {asked}"));
        }
    }
    Ok(())
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type `{other}`"),
    }
}

fn count(value: &Value, schemas: &Value, whole: &Value) -> usize {
    schemas.as_array().unwrap().iter().filter(|schema| fits(value, schema, whole).is_ok()).count()
}

fn file_fits(path: &Path) -> Result<(), String> {
    let table: toml::Value = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let schema = schema();
    fits(&serde_json::to_value(table).unwrap(), &schema, &schema)
}

#[test]
fn every_shipped_file_and_every_good_one_fits() {
    for file in ["playbooks", "tests/playbooks/good"].into_iter().flat_map(super::files) {
        assert_eq!(file_fits(&file), Ok(()), "{}", file.display());
    }
}

#[test]
fn what_breaks_the_form_does_not_fit() {
    let wrong = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/playbooks/wrong");
    for name in [
        "missing-key",
        "missing-unit",
        "no-actions",
        "no-deadline",
        "no-detector",
        "no-target",
        "no-verifier",
        "one-target",
        "unknown-key",
        "unknown-kind",
        "unknown-word",
        "wrong-type",
    ] {
        assert!(file_fits(&wrong.join(format!("{name}.toml"))).is_err(), "{name}");
    }
}

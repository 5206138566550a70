//! Recognises files in other formats: what a line of YAML or JSON says, as TOML.

use std::ops::Range;

/// A format other than TOML, recognised by its first line.
#[derive(Debug, PartialEq, Eq)]
pub struct OtherFormat {
    /// The format's name, such as `YAML`.
    pub name: &'static str,
    /// Where it shows, in bytes.
    pub span: Range<usize>,
    /// The same line as TOML.
    pub right: String,
}

/// YAML or JSON, where the first line that says anything is not TOML but one of them.
pub fn recognise(text: &str) -> Option<OtherFormat> {
    let mut start = 0;
    let mut first_mark = None;
    for line in text.split_inclusive('\n') {
        let (said, span) = (line.trim(), start..start + line.trim_end().len());
        start += line.len();
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        if said == "---" {
            first_mark = Some(span);
            continue;
        }
        if said.starts_with('{') {
            let right = "title = \"nginx stays up\"".to_owned();
            return Some(OtherFormat { name: "JSON", span, right });
        }
        let right = yaml(said)?;
        return Some(OtherFormat { name: "YAML", span: first_mark.unwrap_or(span), right });
    }
    None
}

/// `key: value` as TOML; none where the line is no such thing.
fn yaml(line: &str) -> Option<String> {
    let line = line.strip_prefix("- ").unwrap_or(line);
    let (key, value) = line.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if key.is_empty() || !key.chars().all(plain) || !(value.is_empty() || value.starts_with(' ')) {
        return None;
    }
    let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    Some(match value {
        "" => format!("[{key}]"),
        "true" | "false" => format!("{key} = {value}"),
        number if number.parse::<i64>().is_ok() => format!("{key} = {number}"),
        text => format!("{key} = {}", toml::Value::String(text.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_of_yaml_or_json_is_told_from_toml() {
        let right = |text: &str| recognise(text).map(|found| (found.name, found.right));
        assert_eq!(right("# x\ntitle: nginx: up # why\n"), Some(("YAML", "title = \"nginx: up\"".into())));
        assert_eq!(right("---\ndetect:\n  unit: x\n"), Some(("YAML", "[detect]".into())));
        assert_eq!(right("{ \"title\": 1 }").map(|(name, _)| name), Some("JSON"));
        for toml in ["title = \"a: b\"", "[detect]", "\"a:b\" = 1", "", "# only: a comment", "a:b"] {
            assert_eq!(recognise(toml), None, "{toml}");
        }
        assert!(right("title: x").unwrap().1.parse::<toml::Table>().is_ok());
    }
}

//! Placeholders in templates: `{target}`, `{unit}`, `{mount}`, `{pid}`, `{incident}`. A literal brace is written twice.

use super::action::RunAction;
use super::value::Template;
use super::{Action, Rung, TargetSpec};

/// Every placeholder.
pub const NAMES: [&str; 5] = ["target", "unit", "mount", "pid", "incident"];

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault<'t> {
    /// An opening brace without its end.
    Open,
    /// No placeholder has this name.
    Unknown(&'t str),
    /// A placeholder that a target of this kind has no value for.
    Unfilled(&'t str),
}

/// Everything that is wrong with a template for a target of this kind.
pub fn faults<'t>(template: &'t Template, target: &TargetSpec) -> Vec<Fault<'t>> {
    names(&template.0)
        .into_iter()
        .filter_map(|name| match name {
            None => Some(Fault::Open),
            Some(name) if !NAMES.contains(&name) => Some(Fault::Unknown(name)),
            Some(name) => (!fills(target, name)).then_some(Fault::Unfilled(name)),
        })
        .collect()
}

/// Does it hold any placeholder?
pub fn any(template: &Template) -> bool {
    !names(&template.0).is_empty()
}

/// Does a rung's program, argument or environment hold this placeholder? Then its value is worth looking up.
pub fn wanted(rung: &Rung, name: &str) -> bool {
    rung.actions.iter().flat_map(templates).any(|template| names(&template.0).contains(&Some(name)))
}

fn templates(action: &Action) -> Vec<&Template> {
    match action {
        Action::Run(RunAction::Argv(argv)) => argv.iter().collect(),
        Action::Run(RunAction::Full(full)) => full.argv.iter().chain(full.env.values()).collect(),
        Action::Unit(_) | Action::Clean(_) => Vec::new(),
    }
}

fn fills(target: &TargetSpec, name: &str) -> bool {
    match name {
        "unit" => matches!(target, TargetSpec::Unit(_)),
        "mount" => matches!(target, TargetSpec::Mount(_)),
        "pid" => matches!(target, TargetSpec::Unit(_) | TargetSpec::Process(_)),
        _ => true,
    }
}

/// The names between single braces, in order; `None` for one that never ends.
fn names(text: &str) -> Vec<Option<&str>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let after = &rest[at + 1..];
        if let Some(literal) = after.strip_prefix('{') {
            rest = literal;
            continue;
        }
        let Some(end) = after.find('}') else {
            found.push(None);
            break;
        };
        found.push(Some(&after[..end]));
        rest = &after[end + 1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_brace_is_a_brace() {
        assert_eq!(names("a {{unit}} b"), []);
        assert_eq!(names("{unit} {{ {pid}"), [Some("unit"), Some("pid")]);
        assert_eq!(names("{unit"), [None]);
    }

    #[test]
    fn a_rung_wants_what_its_arguments_and_environment_name() {
        let rung = |action: &str| -> Rung {
            let text = format!("actions = [{action}]\ntimeout = \"1s\"\nidempotent = false");
            toml::from_str(&text).expect("a rung")
        };
        assert!(wanted(&rung(r#"{ run = ["kill", "{pid}"] }"#), "pid"));
        assert!(wanted(&rung(r#"{ run = { argv = ["kick"], env = { WHO = "{pid}" } } }"#), "pid"));
        assert!(!wanted(&rung(r#"{ run = ["kill", "{{pid}}", "{target}"] }"#), "pid"));
        assert!(!wanted(&rung(r#"{ unit = "restart" }"#), "pid"));
    }

    #[test]
    fn a_mount_has_no_unit() {
        let target = TargetSpec::Mount("/".into());
        assert_eq!(
            faults(&Template("{unit} {nuit} {mount}".into()), &target),
            [Fault::Unfilled("unit"), Fault::Unknown("nuit")]
        );
    }
}

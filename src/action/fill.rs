//! Placeholders filled with typed values: inside one argument, once, never split, never seen by a shell.

use super::{Context, PlanError};
use crate::playbook::Target;
use crate::playbook::value::Template;

/// Fills one template.
///
/// # Errors
/// For a placeholder that does not exist or has no value here, and a single brace.
pub fn fill(template: &Template, context: &Context) -> Result<String, PlanError> {
    let text = &template.0;
    let broken = || PlanError::Braces(text.clone());
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('}') {
            out.push('}');
            rest = after;
        } else {
            let end = rest.find('}').ok_or_else(broken)?;
            out.push_str(&value(&rest[1..end], context)?);
            rest = &rest[end + 1..];
        }
    }
    out.push_str(rest);
    if out.contains('\0') { Err(PlanError::Nul(text.clone())) } else { Ok(out) }
}

/// Fills program and arguments. A value that begins with `-` must not pass for an option: it needs a `--` before it.
///
/// # Errors
/// As [`fill`]; and for an empty list, a program that comes from a placeholder, a value that would pass for an option.
pub fn arguments(argv: &[Template], context: &Context) -> Result<Vec<String>, PlanError> {
    let program = argv.first().ok_or(PlanError::NoProgram)?;
    let filled: Vec<String> = argv.iter().map(|template| fill(template, context)).collect::<Result<_, _>>()?;
    if filled[0].is_empty() {
        return Err(PlanError::NoProgram);
    }
    if begins_with_placeholder(program) {
        return Err(PlanError::ProgramFromPlaceholder(program.0.clone()));
    }
    let guarded = argv.iter().position(|template| template.0 == "--").unwrap_or(argv.len());
    match (1..guarded).find(|at| begins_with_placeholder(&argv[*at]) && filled[*at].starts_with('-')) {
        Some(at) => Err(PlanError::LikeAnOption { template: argv[at].0.clone(), value: filled[at].clone() }),
        None => Ok(filled),
    }
}

fn begins_with_placeholder(template: &Template) -> bool {
    template.0.starts_with('{') && !template.0.starts_with("{{")
}

fn value(name: &str, context: &Context) -> Result<String, PlanError> {
    let missing = || PlanError::NoValue { placeholder: name.into(), target: context.target.to_string() };
    match (name, &context.target) {
        ("target", target) => Ok(target.name().into()),
        ("unit", Target::Unit(name)) | ("mount", Target::Mount(name)) => Ok(name.to_string()),
        ("pid", _) => context.pid.map(|pid| pid.to_string()).ok_or_else(missing),
        ("incident", _) => Ok(context.incident.0.to_string()),
        ("unit" | "mount", _) => Err(missing()),
        _ => Err(PlanError::NoSuchPlaceholder(name.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::IncidentId;

    fn context(target: Target) -> Context {
        Context { target, incident: IncidentId(7), pid: None, clean_roots: Vec::new() }
    }

    fn filled(text: &str, target: Target) -> Result<String, PlanError> {
        fill(&Template(text.into()), &context(target))
    }

    #[test]
    fn placeholders_stand_for_their_values_and_doubled_braces_for_braces() {
        let unit = || Target::Unit("a.service".into());
        assert_eq!(filled("--unit={unit}#{incident}", unit()).unwrap(), "--unit=a.service#7");
        assert_eq!(filled("{{print $1}} {{{target}}}", unit()).unwrap(), "{print $1} {a.service}");
    }

    #[test]
    fn a_value_is_never_expanded_again_and_never_split() {
        assert_eq!(filled("{target}", Target::Path("/a {unit} b".into())).unwrap(), "/a {unit} b");
    }

    #[test]
    fn what_has_no_value_is_an_error() {
        assert!(matches!(filled("{mount}", Target::Host), Err(PlanError::NoValue { .. })));
        assert!(matches!(filled("{pid}", Target::Host), Err(PlanError::NoValue { .. })));
        assert!(matches!(filled("{nonsense}", Target::Host), Err(PlanError::NoSuchPlaceholder(_))));
        assert!(matches!(filled("{unit", Target::Host), Err(PlanError::Braces(_))));
    }

    #[test]
    fn a_value_cannot_pass_for_an_option_or_for_the_program() {
        let context = context(Target::Process("--help".into()));
        let argv = |parts: &[&str]| parts.iter().map(|part| Template((*part).into())).collect::<Vec<_>>();
        assert!(matches!(arguments(&argv(&["ls", "{target}"]), &context), Err(PlanError::LikeAnOption { .. })));
        assert_eq!(arguments(&argv(&["ls", "--", "{target}"]), &context).unwrap()[2], "--help");
        assert!(matches!(arguments(&argv(&["{target}"]), &context), Err(PlanError::ProgramFromPlaceholder(_))));
        assert!(matches!(arguments(&[], &context), Err(PlanError::NoProgram)));
    }
}

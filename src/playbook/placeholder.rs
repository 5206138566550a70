//! Placeholders in a template: read once, filled with typed values inside one argument. What a value holds is never
//! read as a template again, never split, and never seen by a shell.

use super::model::target::Target;
use super::value::Template;

/// What stands between single braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// The target's name, whatever its kind.
    Target,
    /// The target's unit.
    Unit,
    /// The target's mount point.
    Mount,
    /// The target's main process.
    Pid,
    /// The incident's number.
    Incident,
}

/// The values that placeholders stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholders {
    /// What is acted on or looked at.
    pub target: Target,
    /// The incident that the attempt belongs to; none for a check.
    pub incident: Option<u64>,
    /// The target's main process, where it has one and it is known.
    pub pid: Option<i32>,
}

/// One piece of a template: literal text or a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplatePart<'a> {
    /// Text that is kept as it is.
    Text(&'a str),
    /// A placeholder, to be replaced by its value.
    Value(Placeholder),
}

/// Why a template cannot be read or filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that does not exist.
    #[error("there is no placeholder `{{{0}}}`")]
    Unknown(String),
    /// A brace without its other half.
    #[error("a single brace in `{0}`; a literal one is written twice")]
    Braces(String),
    /// A placeholder without a value.
    #[error("`{{{placeholder}}}` has no value for {target}")]
    NoValue {
        /// The placeholder's name, without its braces.
        placeholder: &'static str,
        /// The target that the template was filled for.
        target: String,
    },
    /// No argument can hold it.
    #[error("`{0}` holds a NUL")]
    Nul(String),
    /// Nothing to run.
    #[error("no program is named")]
    NoProgram,
    /// Which program is run must stand in the playbook.
    #[error("`{0}`: a program's name may not begin with a placeholder")]
    ProgramFromPlaceholder(String),
    /// A value that the program would read as an option.
    #[error("`{template}` becomes `{value}`, which would pass for an option; put \"--\" before it")]
    LikeAnOption {
        /// The argument as written in the playbook.
        template: String,
        /// The argument after its placeholders were filled.
        value: String,
    },
}

impl Placeholder {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Target, Self::Unit, Self::Mount, Self::Pid, Self::Incident];

    /// Its name, as it stands between the braces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Unit => "unit",
            Self::Mount => "mount",
            Self::Pid => "pid",
            Self::Incident => "incident",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|placeholder| placeholder.name() == name)
    }
}

impl Placeholders {
    /// One placeholder's value.
    #[must_use]
    pub fn value(&self, placeholder: Placeholder) -> Option<String> {
        match (placeholder, &self.target) {
            (Placeholder::Target, target) => Some(target.name().to_owned()),
            (Placeholder::Unit, Target::Unit(name)) | (Placeholder::Mount, Target::Mount(name)) => {
                Some(name.to_string())
            }
            (Placeholder::Unit | Placeholder::Mount, _) => None,
            (Placeholder::Pid, _) => self.pid.map(|pid| pid.to_string()),
            (Placeholder::Incident, _) => self.incident.map(|incident| incident.to_string()),
        }
    }
}

impl Template {
    /// Its parts, in order. `{{` and `}}` stand for one brace each.
    ///
    /// # Errors
    /// For the first single brace or unknown placeholder.
    pub fn pieces(&self) -> Result<Vec<TemplatePart<'_>>, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            if !before.is_empty() {
                pieces.push(TemplatePart::Text(before));
            }
            rest = if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                pieces.push(TemplatePart::Text(&from[..1]));
                after
            } else {
                let broken = || TemplateError::Braces(self.0.clone());
                let (name, after) =
                    from.strip_prefix('{').and_then(|inner| inner.split_once('}')).ok_or_else(broken)?;
                if name.contains('{') {
                    return Err(broken());
                }
                let known = Placeholder::named(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
                pieces.push(TemplatePart::Value(known));
                after
            };
        }
        if !rest.is_empty() {
            pieces.push(TemplatePart::Text(rest));
        }
        Ok(pieces)
    }

    /// The argument that it stands for: one argument, whatever the values hold.
    ///
    /// # Errors
    /// As [`pieces`](Self::pieces); for a placeholder without a value; for a NUL, which no argument can hold.
    pub fn fill(&self, values: &Placeholders) -> Result<String, TemplateError> {
        let mut filled = String::with_capacity(self.0.len());
        for piece in self.pieces()? {
            match piece {
                TemplatePart::Text(text) => filled.push_str(text),
                TemplatePart::Value(placeholder) => {
                    filled.push_str(&values.value(placeholder).ok_or_else(|| TemplateError::NoValue {
                        placeholder: placeholder.name(),
                        target: values.target.to_string(),
                    })?);
                }
            }
        }
        if filled.contains('\0') { Err(TemplateError::Nul(self.0.clone())) } else { Ok(filled) }
    }

    fn begins_with_placeholder(&self) -> bool {
        self.0.starts_with('{') && !self.0.starts_with("{{")
    }
}

/// A program and its arguments, filled. A value that begins with `-` must not pass for an option: it needs a `--`
/// before it.
///
/// # Errors
/// As [`Template::fill`]; for an empty list, a program that comes from a placeholder, a value that would pass for an
/// option.
pub fn arguments(argv: &[Template], values: &Placeholders) -> Result<Vec<String>, TemplateError> {
    let program = argv.first().filter(|program| !program.0.is_empty()).ok_or(TemplateError::NoProgram)?;
    if program.begins_with_placeholder() {
        return Err(TemplateError::ProgramFromPlaceholder(program.0.clone()));
    }
    let filled: Vec<String> = argv.iter().map(|template| template.fill(values)).collect::<Result<_, _>>()?;
    let guarded = argv.iter().position(|template| template.0 == "--").unwrap_or(argv.len());
    match (1..guarded).find(|at| argv[*at].begins_with_placeholder() && filled[*at].starts_with('-')) {
        Some(at) => Err(TemplateError::LikeAnOption { template: argv[at].0.clone(), value: filled[at].clone() }),
        None => Ok(filled),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str, target: Target) -> Result<String, TemplateError> {
        Template(text.into()).fill(&Placeholders { target, incident: Some(7), pid: None })
    }

    #[test]
    fn placeholders_stand_for_their_values_and_doubled_braces_for_braces() {
        let unit = || Target::Unit("a.service".into());
        assert_eq!(filled("--unit={unit}#{incident}", unit()).unwrap(), "--unit=a.service#7");
        assert_eq!(filled("{{print $1}} {{{target}}}", unit()).unwrap(), "{print $1} {a.service}");
        assert_eq!(filled("", unit()).unwrap(), "");
    }

    #[test]
    fn what_has_no_value_is_an_error() {
        assert!(matches!(filled("{mount}", Target::Host), Err(TemplateError::NoValue { placeholder: "mount", .. })));
        assert!(matches!(filled("{pid}", Target::Host), Err(TemplateError::NoValue { .. })));
        assert_eq!(filled("{nonsense}", Target::Host), Err(TemplateError::Unknown("nonsense".into())));
        assert!(matches!(filled("a\0", Target::Host), Err(TemplateError::Nul(_))));
    }

    #[test]
    fn a_value_cannot_pass_for_an_option_or_for_the_program() {
        let values = Placeholders { target: Target::Process("--help".into()), incident: None, pid: None };
        let argv = |parts: &[&str]| parts.iter().map(|part| Template((*part).into())).collect::<Vec<_>>();
        let filled = |parts: &[&str]| arguments(&argv(parts), &values);
        assert!(matches!(filled(&["ls", "{target}"]), Err(TemplateError::LikeAnOption { .. })));
        assert_eq!(filled(&["ls", "--", "{target}"]).unwrap()[2], "--help");
        assert!(matches!(filled(&["{target}"]), Err(TemplateError::ProgramFromPlaceholder(_))));
        assert_eq!((filled(&[]), filled(&[""])), (Err(TemplateError::NoProgram), Err(TemplateError::NoProgram)));
    }

    #[test]
    fn a_single_brace_is_an_error() {
        for text in ["{unit", "unit}", "{un{unit}", "}}}", "{", "}"] {
            assert!(matches!(filled(text, Target::Host), Err(TemplateError::Braces(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_value_is_never_expanded_again(before in "[^{}\0]*", name in "[^\0]*", after in "[^{}\0]*") {
            let target = Target::Path(name.as_str().into());
            prop_assert_eq!(filled(&format!("{before}{{target}}{after}"), target).unwrap(), format!("{before}{name}{after}"));
        }

        #[test]
        fn any_text_comes_through_with_its_braces_doubled(text in "[^\0]*") {
            let written = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(filled(&written, Target::Host).unwrap(), text);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = filled(&text, Target::Host);
        }
    }
}

//! The rules that a playbook must keep, each with a stable code.

use std::fmt;

use serde::{Serialize, Serializer};

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// An error: the playbook is rejected.
    Error,
    /// A warning: the playbook loads, and an operator should review it.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

macro_rules! rules {
    ($($rule:ident $code:literal $severity:ident $doc:literal;)*) => {
        /// A rule that a playbook must keep. Its code is stable: scripts may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {$(
            #[doc = $doc]
            $rule,
        )*}

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// Its stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$rule => $code),* }
            }

            /// Error or warning.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity),* }
            }
        }
    };
}

rules! {
    FileNotTrusted "file-not-trusted" Error "The file cannot be read, others could have written it, or it is no regular file.";
    FileTooLarge "file-too-large" Error "The file is larger than any playbook needs.";
    NotUtf8 "not-utf8" Error "The file is not UTF-8.";
    BadName "bad-name" Error "The file's name cannot be a playbook's name.";
    Syntax "syntax" Error "The file is not TOML.";
    UnknownKey "unknown-key" Error "A key that the format does not know.";
    UnknownKind "unknown-kind" Error "A kind of check, action, target or attachment that does not exist.";
    UnknownWord "unknown-word" Error "A word that is none of those that may stand there.";
    MissingKey "missing-key" Error "A key that must be there is not.";
    WrongType "wrong-type" Error "Text where a number is due, a table where a list is due, and the like.";
    MissingUnit "missing-unit" Error "A bare number where a unit is due.";
    BadValue "bad-value" Error "A value that cannot be read.";
    WrongAmount "wrong-amount" Error "An amount in a unit that does not fit what is measured.";
    OutOfRange "out-of-range" Error "A number below or above what makes sense.";
    NoVerifier "no-verifier" Error "There is no verifier: nothing can say that a remediation worked.";
    NoDetector "no-detector" Error "There is no detector: nothing can say that something is wrong.";
    NoDeadline "no-deadline" Error "The verifier has no deadline.";
    UnboundedAttempts "unbounded-attempts" Error "Nothing limits the attempts.";
    NoActions "no-actions" Error "A rung without actions.";
    OneTarget "one-target" Error "Both `target` and `targets`, or neither.";
    NoTarget "no-target" Error "An empty list of targets; it would stand for nothing, never for all.";
    UnitSuffix "unit-suffix" Error "A unit's name without its suffix.";
    BadUnitName "bad-unit-name" Error "No unit can have this name.";
    MisplacedGlob "misplaced-glob" Error "A glob where one thing must be named.";
    GlobTooWide "glob-too-wide" Error "A glob that stands for all units of a type.";
    OwnUnit "own-unit" Error "A unit that salve itself or the whole host hangs on.";
    BadPath "bad-path" Error "A path that is not absolute, or not in its simplest spelling.";
    BadProcessName "bad-process-name" Error "No process can have this name.";
    BadAddress "bad-address" Error "Not a web address, or not a host with its port.";
    SecretInUrl "secret-in-url" Warning "A password in a web address, which every screen and ticket would show.";
    UnknownPlaceholder "unknown-placeholder" Error "A placeholder that does not exist.";
    EmptyPlaceholder "empty-placeholder" Error "A placeholder that this kind of target cannot fill.";
    MisplacedPlaceholder "misplaced-placeholder" Error "A placeholder where none is filled.";
    SingleBrace "single-brace" Error "A brace without its other half.";
    HighRiskAuto "high-risk-auto" Error "High risk in mode `auto`: high risk always asks.";
    WeakVerifier "weak-verifier" Error "The verifier would call healed what the detector still calls broken.";
    Contradiction "contradiction" Error "Detector and verifier can both hold, or two checks of the verifier never.";
    NoMargin "no-margin" Warning "The clear value touches the firing value: flapping at the edge.";
    NeverHolds "never-holds" Error "A check that can never hold.";
    AlwaysHolds "always-holds" Error "A check that always holds.";
    NoCondition "no-condition" Error "A check that asks nothing.";
    NoObject "no-object" Error "A check or verb that cannot take its object from the target.";
    CleanOutside "clean-outside" Error "A `clean` of a folder that nobody may allow.";
    CleanNeedsSetting "clean-needs-setting" Warning "A `clean` of a folder that only a root-owned setting can allow.";
    YoungFiles "young-files" Warning "A `clean` that takes files which may still be in use.";
    EmptyArguments "empty-arguments" Error "A `run` without a program.";
    RelativeProgram "relative-program" Error "A program with a slash that is not absolute.";
    PlaceholderProgram "placeholder-program" Error "A program's name that comes from a placeholder.";
    Shell "shell" Warning "A shell that is handed a line of code.";
    ShellSyntax "shell-syntax" Warning "An argument that only a shell would understand, and there is none.";
    DangerousCommand "dangerous-command" Warning "A command that destroys or cuts off, with a lower risk than that: the playbook counts as the higher one.";
    DangerousCheck "dangerous-check" Error "A check or an attachment that would change what it looks at.";
    ShellPlaceholder "shell-placeholder" Error "A placeholder inside code for a shell or an interpreter.";
    BadVariable "bad-variable" Error "An environment variable that cannot be set.";
    SecretInText "secret-in-text" Warning "A secret stands in the playbook; it belongs into a file of its own.";
    ZeroTime "zero-time" Error "No time at all where some is needed.";
    LongTime "long-time" Error "A time beyond any use.";
    ShortTime "short-time" Error "A time too short to be kept.";
    ShortWindow "short-window" Warning "The attempts hardly fit into the window, so the breaker may never open.";
    UnreachableBreaker "unreachable-breaker" Error "Attempts that do not help leave the window before the breaker counts them.";
    LiteralNot "literal-not" Warning "Text that begins with `not`, where `not` negates nothing.";
    SlowCheck "slow-check" Warning "A verifier's check that may take longer than the verifier's deadline.";
    Duplicate "duplicate" Error "The same thing twice.";
    NeedsItself "needs-itself" Error "A playbook that needs itself.";
    BreakerRange "breaker-range" Error "Breaker times that contradict each other.";
    BadText "bad-text" Error "Text that is empty, too long, or holds control characters.";
    TooMany "too-many" Error "More checks, rungs, actions or targets than anyone can follow.";
    UnknownChannel "unknown-channel" Error "A channel that the settings do not have; a warning where a file is not armed by its place.";
    UnknownNeed "unknown-need" Warning "A playbook, or a target of one, that is needed and does not exist.";
    AmbiguousNeed "ambiguous-need" Warning "A need that does not say which of several targets it means.";
    UnitAtRest "unit-at-rest" Warning "A detector that takes a unit's rest for a fault: a oneshot that has done its work, or a unit whose conditions are not met.";
    NoEffect "no-effect" Warning "A setting that changes nothing.";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl schemars::JsonSchema for Rule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: Vec<&str> = Self::ALL.iter().map(|rule| rule.code()).collect();
        schemars::json_schema!({ "type": "string", "enum": codes })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_its_own_and_kebab_case() {
        let codes: HashSet<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), Rule::ALL.len());
        assert!(codes.iter().all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '8')));
    }
}

//! Keys in the wrong place or under another name: what people write who know other tools, and where it belongs here.

use crate::playbook::diagnostic::{listed, nearest};

/// A table of the format, and how a message names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatTable<'p> {
    /// As a message names it: `[detect]`, `a rung`.
    pub name: &'p str,
    /// The header that its keys stand below; empty for the head of the file, and for a table in braces.
    pub header: &'static str,
    /// Its keys, but for the kinds of checks.
    pub keys: &'static [&'static str],
}

/// The kinds that may stand in a playbook, as they are written in files.
#[derive(Debug, Clone, Copy)]
pub struct KindNames {
    /// Those of checks, which stand in the detector's and the verifier's sections.
    pub checks: &'static [&'static str],
    /// Those of actions, which stand in a rung's list.
    pub actions: &'static [&'static str],
}

/// The head of the file.
pub const HEAD: FormatTable<'static> = FormatTable {
    name: "a playbook",
    header: "",
    keys: &[
        "title",
        "target",
        "targets",
        "risk",
        "mode",
        "needs",
        "only_between",
        "cooldown",
        "skip_if_stopped_by_operator",
        "enabled_when",
    ],
};
/// The detector's section.
pub const DETECT: FormatTable<'static> =
    FormatTable { name: "[detect]", header: "[detect]", keys: &["for", "flapping"] };
/// A rung of the ladder.
pub const RUNG: FormatTable<'static> =
    FormatTable { name: "a rung", header: "[[remediate]]", keys: &["do", "timeout", "idempotent"] };
/// The verifier's section.
pub const VERIFY: FormatTable<'static> =
    FormatTable { name: "[verify]", header: "[verify]", keys: &["within", "soak"] };
/// The budget's section.
pub const ESCALATE: FormatTable<'static> =
    FormatTable { name: "[escalate]", header: "[escalate]", keys: &["attempts", "window", "to", "attach"] };

/// Every place that has keys of its own; `cooldown` is the head's before it is the breaker's.
const PLACES: [FormatTable<'static>; 5] = [HEAD, DETECT, RUNG, VERIFY, ESCALATE];

/// What other tools call it, and the right form here. A section's right form is its header.
const ELSEWHERE: [(&[&str], &str); 13] = [
    (
        &["on_fail", "on_failure", "on_error", "else", "alert", "alerts", "notify", "notification", "page", "pager"],
        "[escalate], with attempts = 3, window = \"10m\" and to = [\"tickets\"]",
    ),
    (
        &["check", "checks", "detector", "when", "if", "trigger", "condition", "conditions", "monitor", "probe"],
        "[detect], and a check as unit = { state = \"not active\" }",
    ),
    (
        &["action", "actions", "fix", "remediation", "repair", "heal", "steps", "then", "commands", "exec", "script"],
        "[[remediate]], and do = [{ unit = \"restart\" }]",
    ),
    (
        &["verifier", "verification", "validate", "assert", "success", "expect", "until", "after"],
        "[verify], a check as unit = { state = \"active\" }, and within = \"60s\"",
    ),
    (&["name", "description", "summary"], "title = \"nginx stays up\""),
    (&["severity", "priority", "level"], "risk = \"low\""),
    (&["service", "services", "unit_name"], "target = { unit = \"nginx.service\" }"),
    (&["hosts", "hostname"], "target = \"host\""),
    (&["enabled", "disabled", "state", "action_mode"], "mode = \"auto\" (or \"ask\", \"shadow\", \"off\")"),
    (&["depends_on", "depends", "requires", "dependencies", "wants"], "needs = [\"db-up\"]"),
    (&["schedule", "hours", "maintenance"], "only_between = \"22:00-06:00\""),
    (&["interval", "frequency", "period", "poll"], "every = \"30s\" in the check itself"),
    (
        &["retries", "retry", "max_attempts", "max_retries", "limit"],
        "attempts = 3 and window = \"10m\" below [escalate]",
    ),
];

/// Kinds of checks and actions by the names that other tools give them.
const KINDS_ELSEWHERE: [(&[&str], &str, Option<&str>); 10] = [
    (&["service", "systemd", "systemctl"], "unit = { state = \"not active\" }", Some("{ unit = \"restart\" }")),
    (&["restart", "start", "reload", "stop"], "unit = { state = \"not active\" }", Some("{ unit = \"restart\" }")),
    (
        &["exec", "shell", "script", "cmd", "run", "command", "bash"],
        "command = { run = [\"pg_isready\", \"-q\"], exit = 0 }",
        Some("{ run = [\"apt-get\", \"clean\"] }"),
    ),
    (&["disk", "df", "space", "inodes"], "filesystem = { used = \"> 85%\" }", None),
    (&["port", "socket"], "tcp = { address = \"127.0.0.1:5432\", open = true }", None),
    (&["url", "web", "https", "endpoint"], "http = { url = \"http://127.0.0.1/healthz\", status = 200 }", None),
    (&["cert", "certificate", "ssl"], "tls = { address = \"127.0.0.1:443\", expires = \"< 14d\" }", None),
    (&["file", "folder", "directory"], "path = { path = \"/var/backups/latest.dump\", age = \"> 26h\" }", None),
    (&["ram", "mem"], "memory = { used = \"> 90%\" }", None),
    (
        &["delete", "rm", "cleanup", "prune", "kill"],
        "path = { path = \"/var/backups/latest.dump\", exists = false }",
        Some("{ clean = { path = \"/var/tmp\", older_than = \"7d\" } }"),
    ),
];

/// The help for a kind of check (`checks`), or of action, that does not exist.
pub fn kind_help(kind: &str, checks: bool, known: &[&str]) -> String {
    let lower = kind.to_lowercase().replace('-', "_");
    if known.contains(&lower.as_str()) {
        return format!("write {lower}");
    }
    let other = KINDS_ELSEWHERE.into_iter().find(|(names, ..)| names.contains(&lower.as_str()));
    match other.map(|(_, check, action)| if checks { Some(check) } else { action }) {
        Some(Some(right)) => format!("write {right}"),
        Some(None) | None => match nearest(&lower, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the kinds are {}", listed(known.iter().copied())),
        },
    }
}

/// Is this a key, or a section, of a place of its own?
pub fn has_a_place(key: &str) -> bool {
    let section = ["detect", "remediate", "verify", "escalate", "breaker"].contains(&key);
    section || PLACES.iter().any(|place| place.keys.contains(&key))
}

/// The help for a key that a table does not know.
pub fn help(key: &str, place: FormatTable<'_>, known: &[&str], kinds: KindNames) -> String {
    let lower = key.to_lowercase().replace('-', "_");
    if known.contains(&lower.as_str()) {
        return format!("write {lower}");
    }
    if let Some(home) = PLACES.into_iter().find(|home| *home != place && home.keys.contains(&lower.as_str())) {
        return belongs(&lower, home, place);
    }
    let in_a_section = place == HEAD || place == RUNG || place == ESCALATE;
    if in_a_section && kinds.checks.contains(&lower.as_str()) {
        if place == RUNG && kinds.actions.contains(&lower.as_str()) {
            return format!("an action stands in the rung's list: write do = [{{ {lower} = … }}]");
        }
        return format!("a check stands below [detect] or [verify]: move `{lower}` there");
    }
    let near = nearest(&lower, known.iter().copied());
    let other = ELSEWHERE.into_iter().find_map(|(names, right)| names.contains(&lower.as_str()).then_some(right));
    match (other, near) {
        (Some(right), _) => format!("write {right}"),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) if known.is_empty() => "leave it out".into(),
        (None, None) => format!("{} knows {}", place.name, listed(known.iter().copied())),
    }
}

fn belongs(key: &str, home: FormatTable<'_>, place: FormatTable<'_>) -> String {
    match (home.header, place.header) {
        ("", "") => format!("`{key}` belongs to the head of the file, above every [section]: move it there"),
        ("", below) => {
            format!("`{key}` belongs to the head of the file: move its line above {below} and every other [section]")
        }
        (header, _) => format!("`{key}` belongs below {header}: move it there, to a line of its own"),
    }
}

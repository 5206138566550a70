//! The playbooks that salve is measured with: each check holds, so that nothing is done.

use super::Kind;

/// As many targets as a playbook may have.
const TARGETS: usize = 64;

pub fn playbooks(kind: Kind, names: &[String]) -> Vec<String> {
    names.chunks(TARGETS).enumerate().map(|(number, names)| playbook(kind, number, names)).collect()
}

fn playbook(kind: Kind, number: usize, names: &[String]) -> String {
    let (target, detect, verify) = match kind {
        Kind::Tcp => ("address", "tcp = { open = false", "tcp = { open = true }"),
        Kind::Http => ("url", "http = { status = \"not 200\"", "http = { status = 200 }"),
        Kind::Command => (
            "path",
            "command = { run = [\"head\", \"-c1\", \"{target}\"], exit = \"not 0\"",
            "command = { run = [\"head\", \"-c1\", \"{target}\"], exit = 0 }",
        ),
    };
    let targets: Vec<_> = names.iter().map(|name| format!("  {{ {target} = \"{name}\" }},\n")).collect();
    format!(
        r#"title   = "{kind} {number}"
targets = [
{targets}]
risk    = "low"
mode    = "shadow"

[detect]
{detect}, every = "1s" }}
for = "1m"

[[remediate]]
do      = [{{ run = ["true"] }}]
timeout = "10s"

[verify]
{verify}
within = "30s"

[escalate]
attempts = 1
window   = "1h"
"#,
        kind = kind.name(),
        targets = targets.concat(),
    )
}

//! The same checks, as monit has them.

use std::fmt::Write as _;

use super::Kind;
use crate::Outcome;

/// Ports of one host stand below it, which is far cheaper for monit than a host for each.
pub fn checks(kind: Kind, names: &[String]) -> Outcome<String> {
    let protocol = match kind {
        Kind::Tcp => "",
        Kind::Http => " protocol http request \"/\"",
        Kind::Command => return Ok(programs(names)),
    };
    let mut text = "check host all with address 127.0.0.1\n".to_owned();
    for name in names {
        let (_, port) = name.trim_end_matches('/').rsplit_once(':').ok_or("an address without a port")?;
        writeln!(text, "  if failed port {port}{protocol} then alert")?;
    }
    Ok(text)
}

fn programs(names: &[String]) -> String {
    let program = |(number, name): (usize, &String)| {
        format!("check program check-{number} with path \"/usr/bin/head -c1 {name}\"\n  if status != 0 then alert\n")
    };
    names.iter().enumerate().map(program).collect()
}

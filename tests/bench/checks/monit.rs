//! The same checks, as monit has them.

use super::Kind;
use crate::Outcome;

pub fn checks(kind: Kind, names: &[String]) -> Outcome<String> {
    names.iter().enumerate().map(|(number, name)| check(kind, number, name)).collect()
}

fn check(kind: Kind, number: usize, name: &str) -> Outcome<String> {
    let place = name.trim_start_matches("http://").trim_end_matches('/');
    Ok(match kind {
        Kind::Tcp | Kind::Http => {
            let (host, port) = place.split_once(':').ok_or("an address without a port")?;
            let protocol = if kind == Kind::Http { " protocol http request \"/\"" } else { "" };
            format!("check host check-{number} with address {host}\n  if failed port {port}{protocol} then alert\n")
        }
        Kind::Command => format!(
            "check program check-{number} with path \"/usr/bin/head -c1 {name}\"\n  if status != 0 then alert\n"
        ),
    })
}

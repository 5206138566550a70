//! Names of things on the host: units, paths, processes, addresses. Whether they exist is for the host to say; here it
//! is only whether they could.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Component, Path};

use crate::playbook::diagnostic::Findings;
use crate::playbook::placeholder::Placeholder;
use crate::playbook::rule::Rule;

const SUFFIXES: [&str; 11] =
    ["service", "socket", "target", "mount", "automount", "swap", "timer", "path", "slice", "scope", "device"];
const GLOB: [char; 4] = ['*', '?', '[', ']'];

/// Whether the name is a glob, which stands for several things.
pub fn is_glob(name: &str) -> bool {
    name.contains(GLOB)
}

/// The name of one unit.
pub fn unit(name: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    if placeholder(name, span.clone(), findings) {
        return;
    }
    if is_glob(name) {
        let message = format!("`{name}` is a glob; one unit must be named here");
        findings.add(Rule::MisplacedGlob, span, message, "globs may stand in `targets` only");
        return;
    }
    spelling(name, span, findings);
}

/// The name of one unit, or a glob for several.
pub fn unit_or_glob(name: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    if placeholder(name, span.clone(), findings) {
        return;
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if is_glob(name) && !stem.chars().any(char::is_alphanumeric) {
        let message = format!("`{name}` stands for every unit of its type");
        findings.add(Rule::GlobTooWide, span, message, "name what the units have in common, as `worker@*.service`");
        return;
    }
    spelling(name, span, findings);
}

fn spelling(name: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c) || GLOB.contains(&c);
    let bad = |why: &str| (format!("`{name}` cannot be a unit's name: {why}"), "write it as systemctl shows it");
    let (message, help) = if name.is_empty() {
        bad("it is empty")
    } else if name.len() > 255 {
        bad("it is longer than 255 bytes")
    } else if let Some(odd) = name.chars().find(|c| !plain(*c)) {
        bad(&format!("it holds `{odd}`"))
    } else if !name.rsplit_once('.').is_some_and(|(stem, suffix)| !stem.is_empty() && SUFFIXES.contains(&suffix)) {
        let message = format!("`{name}` does not say which type of unit it is");
        findings.add(Rule::UnitSuffix, span, message, format!("write \"{name}.service\", or another suffix"));
        return;
    } else if name.contains("@.") {
        bad("a template is no unit until it has an instance, as `worker@1.service`")
    } else {
        return;
    };
    findings.add(Rule::BadUnitName, span, message, help);
}

/// An absolute path in its simplest spelling.
pub fn path(path: &str, span: Range<usize>, findings: &mut Findings<'_>) -> bool {
    if placeholder(path, span.clone(), findings) {
        return false;
    }
    let simplest: std::path::PathBuf = Path::new(path).components().collect();
    let plain = Path::new(path).components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let why = if !path.starts_with('/') {
        "is not absolute"
    } else if path.contains(|c: char| c.is_control()) {
        "holds a control character"
    } else if path.len() > 4096 {
        "is longer than any path"
    } else if !plain || simplest.as_os_str() != path {
        "is not in its simplest spelling (no `.`, no `..`, no doubled or closing `/`)"
    } else if path.contains(['*', '?', '[', ']']) {
        let message = format!("`{path}` holds a glob; one path must be named here");
        findings.add(Rule::MisplacedGlob, span, message, "globs may stand in `targets` only: in the name of a unit, a container or a link, and in a mount's last part");
        return false;
    } else {
        return true;
    };
    findings.add(Rule::BadPath, span, format!("`{path}` {why}"), "write the whole path from `/`");
    false
}

/// A program's name, as the kernel knows it.
pub fn process(name: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    if placeholder(name, span.clone(), findings) {
        return;
    }
    let why = if name.trim().is_empty() {
        "is empty"
    } else if name.contains('/') {
        "is a path; the program's file name is due"
    } else if name.contains(|c: char| c.is_control()) || name.len() > 255 {
        "cannot be a program's name"
    } else if is_glob(name) {
        findings.add(Rule::MisplacedGlob, span, format!("`{name}` holds a glob"), "name one program");
        return;
    } else {
        return;
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    findings.add(
        Rule::BadProcessName,
        span,
        format!("`{name}` {why}"),
        format!("write it as `ps -o comm` shows it, as \"{last}\""),
    );
}

/// A web address.
pub fn url(url: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    if placeholder(url, span.clone(), findings) {
        return;
    }
    let help = "write it as \"http://127.0.0.1:8080/healthz\"";
    match reqwest::Url::parse(url) {
        Err(error) => findings.add(Rule::BadAddress, span, format!("`{url}` is not a web address: {error}"), help),
        Ok(parsed) if !matches!(parsed.scheme(), "http" | "https") => {
            let message = format!("`{}` cannot be asked; only http and https can", parsed.scheme());
            findings.add(Rule::BadAddress, span, message, help);
        }
        Ok(parsed) if parsed.host_str().is_none_or(str::is_empty) => {
            findings.add(Rule::BadAddress, span, format!("`{url}` names no host"), help);
        }
        Ok(parsed) if parsed.password().is_some() => {
            let message = "a password in a web address is shown on every screen and ticket";
            findings.add(Rule::SecretInUrl, span, message, "let the service answer its health without a password");
        }
        Ok(_) => {}
    }
}

/// Host and port.
pub fn address(address: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    if placeholder(address, span.clone(), findings) {
        return;
    }
    let help = "write host and port, as \"127.0.0.1:6379\" or \"[::1]:6379\"";
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:%[]".contains(c);
    let why = match address.rsplit_once(':') {
        None => "has no port",
        Some(("", _)) => "has no host",
        Some((_, port)) if !port.parse().is_ok_and(|port: u16| port > 0) => "has no port from 1 to 65535",
        Some((host, _)) if host.contains(':') != (host.starts_with('[') && host.ends_with(']')) => {
            "has a host that is unclear; an IPv6 address stands in brackets"
        }
        Some((host, _)) if !host.chars().all(plain) => "has a host that cannot be",
        Some(_) => return,
    };
    findings.add(Rule::BadAddress, span, format!("`{address}` {why}"), help);
}

/// A name that can be asked for.
pub fn host(name: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    if placeholder(name, span.clone(), findings) {
        return;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.chars().all(plain);
    let fits = name.len() <= 253 && name.strip_suffix('.').unwrap_or(name).split('.').all(label);
    if !fits {
        findings.add(Rule::BadAddress, span, format!("`{name}` is no name of DNS"), "write a name, as \"example.com\"");
    }
}

/// A server that can be asked.
pub fn server(server: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    if placeholder(server, span.clone(), findings) {
        return;
    }
    if server.parse::<IpAddr>().is_err() && server.parse::<SocketAddr>().is_err() {
        let help = "write its address, as \"127.0.0.53\", \"10.0.0.1:5353\" or \"[::1]:53\"";
        findings.add(Rule::BadAddress, span, format!("`{server}` is no address of a server"), help);
    }
}

/// A mount point, or a glob for several: only its last part may hold one.
pub fn mount(place: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    match place.rsplit_once('/') {
        Some((folder, last)) if is_glob(last) && !is_glob(folder) => {
            path(if folder.is_empty() { "/" } else { folder }, span, findings);
        }
        _ => {
            path(place, span, findings);
        }
    }
}

/// The name of a container, or a glob for several.
pub fn container(name: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c) || GLOB.contains(&c);
    let fits = !name.is_empty() && name.chars().all(plain);
    spelled(fits, name, "a container's name", "write it as `docker ps` shows it", span, findings);
}

/// The name of a network link, or a glob for several.
pub fn link(name: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    let fits = (1..16).contains(&name.len())
        && !name.starts_with('.')
        && !name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control());
    spelled(fits, name, "a link's name", "write it as `ip link` shows it, as \"eth0\"", span, findings);
}

fn spelled(fits: bool, name: &str, what: &str, help: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    if !placeholder(name, span.clone(), findings) && !fits {
        findings.add(Rule::BadText, span, format!("`{name}` cannot be {what}"), help);
    }
}

/// Placeholders are filled in arguments only; told where one stands elsewhere.
fn placeholder(text: &str, span: Range<usize>, findings: &mut Findings<'_>) -> bool {
    let found = Placeholder::ALL.into_iter().find(|one| text.contains(&format!("{{{}}}", one.name())));
    if let Some(found) = found {
        let message = format!("`{{{}}}` is not filled here", found.name());
        let help = "placeholders stand in arguments only; a check or verb without a name takes the target's";
        findings.add(Rule::MisplacedPlaceholder, span, message, help);
    }
    found.is_some()
}

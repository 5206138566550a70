//! `salve playbook new`: a playbook for a failure class on standard output, or the classes that there are.

use std::process::ExitCode;

use crate::cli::exit::Failure;
use crate::cli::output::stream;
use crate::playbook::Origin;
use crate::playbook::read::read;
use crate::playbook::write::{FailureClass, WantedTarget, fill};

pub fn run(class: Option<&str>, target: Option<&str>, name: Option<&str>) -> Result<ExitCode, Failure> {
    let Some(class) = class else {
        if target.is_some() || name.is_some() {
            return Err(Failure::Said("no class given: add --class CLASS (`salve playbook new` lists all)".into()));
        }
        list();
        return Ok(ExitCode::SUCCESS);
    };
    let class = FailureClass::named(class).ok_or_else(|| unknown(class))?;
    let target = target_name(class, target)?;
    let name = name.map_or_else(|| name_for(class, &target), str::to_owned);
    let text = fill(class, &name, &class.target().named(&target));
    stream::text(&text);
    // a target or a name that no playbook can have: the text is there to be mended, and what is wrong is said
    let read = read(&format!("{name}.toml"), &name, Origin::Shipped, &text);
    for diagnostic in &read.diagnostics {
        stream::drawn_error(|colour| format!("\n{}", diagnostic.render(&text, colour)));
    }
    Ok(if read.playbook.is_some() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn list() {
    for class in FailureClass::ALL {
        println!("{:<18} {:<8} {}", class.word(), class.target().word(), class.title());
        println!("{:<27} {}", "", class.about());
    }
    println!();
    println!("salve playbook new --class CLASS [--target NAME] [--name NAME] > NAME.toml");
}

fn unknown(class: &str) -> Failure {
    let words = FailureClass::ALL.map(FailureClass::word);
    let near = words.into_iter().max_by(|a, b| strsim::jaro(a, class).total_cmp(&strsim::jaro(b, class)));
    let near = near.unwrap_or_default();
    Failure::Said(format!("failure class `{class}` not found; did you mean `{near}`? (`salve playbook new` lists all)"))
}

/// The target's name; an example where none is named.
fn target_name(class: FailureClass, target: Option<&str>) -> Result<String, Failure> {
    let example = match class.target() {
        WantedTarget::Unit => "example.service",
        WantedTarget::Mount => "/",
        WantedTarget::Process => "example",
        WantedTarget::Host => "host",
    };
    match target {
        Some(other) if class.target() == WantedTarget::Host && other != "host" => {
            Err(Failure::Said(format!("`{}` applies to the whole host; omit --target", class.word())))
        }
        target => Ok(target.unwrap_or(example).to_owned()),
    }
}

/// `service-down` of `nginx.service` is `nginx-service-down`.
fn name_for(class: FailureClass, target: &str) -> String {
    let short =
        target.rsplit_once('.').filter(|_| class.target() == WantedTarget::Unit).map_or(target, |(name, _)| name);
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_@".contains(c) { c } else { '-' };
    let short: String = short.chars().map(plain).collect();
    let short = short.trim_matches('-');
    match (short, class.target()) {
        (_, WantedTarget::Host) => class.word().to_owned(),
        ("", _) => format!("root-{}", class.word()),
        _ => format!("{short}-{}", class.word()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_from_class_and_target() {
        assert_eq!(name_for(FailureClass::ServiceDown, "nginx.service"), "nginx-service-down");
        assert_eq!(name_for(FailureClass::DiskFull, "/"), "root-disk-full");
        assert_eq!(name_for(FailureClass::DiskFull, "/srv/data"), "srv-data-disk-full");
        assert_eq!(name_for(FailureClass::LoadHigh, "host"), "load-high");
    }

    #[test]
    fn a_wrong_class_is_told_the_nearest_and_the_host_needs_no_name() {
        assert!(unknown("disk-ful").to_string().contains("`disk-full`"));
        assert!(target_name(FailureClass::LoadHigh, Some("web")).is_err());
        assert_eq!(target_name(FailureClass::LoadHigh, Some("host")).unwrap(), "host");
    }
}

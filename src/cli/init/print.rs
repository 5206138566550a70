//! What a survey says, in lines that fit any terminal.

use crate::engine::snapshot::Arming;
use crate::engine::standalone::inventory::{Fit, Inventory, Proposal, TargetState, Validity};
use crate::text::clean_line;

/// Targets, mounts and the like are told up to so many; the rest is counted.
const SHOWN: usize = 4;

/// What is there.
pub fn found(survey: &Inventory) {
    println!("On this host:");
    let failed = match survey.failed.as_slice() {
        [] => String::new(),
        failed => format!(", {} failed: {}", failed.len(), listed(failed)),
    };
    println!("  services      {}{failed}", survey.services);
    for mounted in &survey.mounts {
        println!("  file system   {}  {}", clean_line(&mounted.point), mounted.about);
    }
    for certificate in &survey.certificates {
        let left = match &certificate.validity {
            Validity::DaysLeft(days) if *days < 0 => format!("expired {} days ago", -days),
            Validity::DaysLeft(days) => format!("{days} days left"),
            Validity::Unreadable(why) => why.clone(),
        };
        println!("  certificate   {}  {left}", clean_line(&certificate.file.display().to_string()));
    }
    match survey.containers.as_slice() {
        [] => println!("  containers    none"),
        names => println!("  containers    {}: {}", names.len(), listed(names)),
    }
}

/// Which playbooks apply, what each would do, and why the others do not.
pub fn playbooks(survey: &Inventory, chosen: &[&Proposal]) {
    let applying = survey.playbooks.iter().filter(|one| one.applies());
    println!();
    println!("Playbooks that apply here ([x]: selected):");
    for (number, one) in applying.enumerate() {
        brief(number + 1, one, chosen.iter().any(|other| other.name == one.name));
    }
    let others: Vec<&Proposal> = survey.playbooks.iter().filter(|one| !one.applies()).collect();
    if !others.is_empty() {
        println!();
        println!("Not applicable:");
        for one in others {
            if let Fit::NotApplicable(why) = &one.fit {
                println!("  {:<20} {}", one.name, clean_line(why));
            }
        }
    }
}

/// A playbook in a few lines.
pub fn brief(number: usize, one: &Proposal, is_chosen: bool) {
    let mark = match (one.may_be_armed(), is_chosen) {
        (false, _) => "armed",
        (true, true) => "[x]",
        (true, false) => "[ ]",
    };
    println!("{number:>3} {mark} {}: {}", one.name, one.title);
    println!("      risk {}, {}", one.risk, means(one));
    would(one, "      ");
    for (target, seen) in one.firing().take(SHOWN) {
        println!("      now: {target} {}", clean_line(seen));
    }
}

/// Everything of one playbook.
pub fn whole(one: &Proposal) {
    println!();
    println!("{}: {}", one.name, one.title);
    println!("  risk {}, mode {}: {}", one.risk, one.mode, means(one));
    let Fit::Applies { targets, verified_by, .. } = &one.fit else { return };
    for (target, standing) in targets {
        let words = match standing {
            TargetState::Well => "healthy".into(),
            TargetState::Fires(seen) => format!("firing: {seen}"),
            TargetState::Unknown(why) => format!("unknown: {why}"),
        };
        println!("  {target}: {}", clean_line(&words));
    }
    would(one, "  ");
    println!("  healthy when: {}", verified_by.join(", "));
    println!(
        "  `salve playbook plan {}` shows every argument; `salve playbook show {}` shows its text",
        one.name, one.name
    );
}

/// What it would do, rung by rung.
fn would(one: &Proposal, indent: &str) {
    let Fit::Applies { would, .. } = &one.fit else { return };
    for (rung, sentence) in would.iter().enumerate() {
        let before = if rung == 0 { "would" } else { "then would" };
        println!("{indent}{before} {}", clean_line(sentence));
    }
    if would.is_empty() {
        println!("{indent}would send a page with the evidence");
    }
}

/// What armed means, in words.
fn means(one: &Proposal) -> &'static str {
    use crate::playbook::Mode;
    match one.mode {
        Mode::Auto => "once armed, it acts automatically",
        Mode::Ask => "once armed, it needs approval for each attempt",
        Mode::Shadow | Mode::Off => "it never acts",
    }
}

/// Why one cannot be armed now.
pub fn why_not(one: &Proposal) -> String {
    match (&one.fit, one.arming) {
        (Fit::NotApplicable(why), _) => format!("not armed: it does not apply: {}", clean_line(why)),
        (_, Arming::Armed) => "already armed".into(),
        (_, Arming::AsksFirst) => "its first attempt needs approval; `salve playbook arm` lets it act".into(),
        (_, Arming::Shadow) => "in shadow mode".into(),
    }
}

/// What to do next, where nobody can be asked.
pub fn closing(chosen: &[&Proposal]) {
    let names: Vec<&str> = chosen.iter().map(|one| &*one.name).collect();
    println!();
    if names.is_empty() {
        println!(
            "nothing is proposed and nothing was armed; `salve init --yes --only NAME,…` arms the playbooks that you name"
        );
    } else {
        println!("nothing was armed; `salve init --yes` arms the selected playbooks: {}", names.join(", "));
    }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| clean_line(name)).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

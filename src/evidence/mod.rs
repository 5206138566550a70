//! Gathers evidence for a page or a `snapshot`. Each piece has a deadline, and one that fails becomes a piece that says
//! so: a page never waits longer for its evidence, and never omits a piece silently.

mod files;
mod gathered;
mod health;
mod logs;
mod processes;
mod program;
mod repeated;
mod sockets;
mod stacks;
mod usage;

use std::sync::Arc;

use gathered::DEADLINE;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::host::redact::redact;
use crate::host::{Systemd, cgroups};
use crate::playbook::attachment::ProcessBy;
use crate::playbook::{Attachment, Target};
use crate::text::{clean, clean_line};

/// The largest size of one piece, in bytes.
const LARGEST: usize = 256 << 10;

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The heading of the piece, such as `disk usage of /var`.
    pub title: Arc<str>,
    /// The text, of any number of lines, safe to print and without secrets.
    pub body: Arc<str>,
}

/// Gathers all kinds at once; the result is in the order of `attach`.
pub async fn gather(attach: &[Attachment], target: &Target) -> Vec<Evidence> {
    let mut pieces = JoinSet::new();
    for (place, attachment) in attach.iter().cloned().enumerate() {
        let target = target.clone();
        pieces.spawn(async move { (place, piece(attachment, target).await) });
    }
    let mut gathered: Vec<(usize, Evidence)> = Vec::with_capacity(attach.len());
    while let Some(piece) = pieces.join_next().await {
        match piece {
            Ok(piece) => gathered.push(piece),
            Err(error) => {
                let body = format!("not gathered: {error}");
                gathered.push((usize::MAX, Evidence { title: "a piece of evidence".into(), body: body.into() }));
            }
        }
    }
    gathered.sort_by_key(|(place, _)| *place);
    gathered.into_iter().map(|(_, evidence)| evidence).collect()
}

async fn piece(attachment: Attachment, target: Target) -> Evidence {
    let title = title(&attachment, &target);
    let gathering = async {
        match attachment {
            Attachment::Journal(wanted) => logs::of(&target, wanted.lines).await,
            Attachment::Kernel(wanted) => logs::of_the_kernel(wanted.lines).await,
            Attachment::DiskUsage(wanted) => usage::gather(target, wanted).await,
            Attachment::Processes(wanted) => processes::gather(wanted).await,
            Attachment::Sockets(wanted) => sockets::gather(pids(&target).await, wanted).await,
            Attachment::Stacks(wanted) => stacks::gather(pids(&target).await, wanted).await,
            Attachment::OpenFiles(wanted) => files::gather(pids(&target).await, wanted).await,
            Attachment::Repeated(wanted) => repeated::gather(&target, wanted).await,
            Attachment::Health(wanted) => health::gather(&target, wanted).await,
            Attachment::Run(argv) => program::gather(&argv, &target).await,
        }
    };
    let body = match timeout(DEADLINE, gathering).await {
        Ok(Ok(body)) => body,
        Ok(Err(why)) => format!("not gathered: {why}"),
        Err(_) => format!("not gathered: no answer within {} s", DEADLINE.as_secs()),
    };
    Evidence { title: redact(&clean_line(&title)).as_ref().into(), body: tidy(&body) }
}

/// The heading of a piece of evidence.
#[must_use]
pub fn title(attachment: &Attachment, target: &Target) -> String {
    match attachment {
        Attachment::Journal(wanted) => format!("Journal of {target}, last {} lines", wanted.lines),
        Attachment::Kernel(wanted) => format!("The kernel's last {} lines", wanted.lines),
        Attachment::DiskUsage(_) => format!("Disk usage around {target}"),
        Attachment::Processes(wanted) => match wanted.by {
            ProcessBy::Cpu => "Processes by time on processors".into(),
            ProcessBy::Memory => "Processes by memory".into(),
            ProcessBy::Zombies => "Who does not reap its dead children".into(),
        },
        Attachment::Sockets(_) => format!("Connections of {target}"),
        Attachment::Stacks(_) => format!("Where the processes of {target} stand"),
        Attachment::OpenFiles(_) => format!("What {target} has open"),
        Attachment::Repeated(_) => format!("The most repeated lines, for {target}"),
        Attachment::Health(_) => format!("Health log of {target}"),
        Attachment::Run(argv) => {
            let words: Vec<String> = argv.iter().map(ToString::to_string).collect();
            format!("Output of {}", words.join(" "))
        }
    }
}

/// The processes that belong to a target; none for a target that has none of its own.
async fn pids(target: &Target) -> Option<Vec<i32>> {
    match target {
        Target::Unit(name) => {
            let unit = Systemd::shared().ok()?.unit(name).await.ok()?;
            cgroups::folder(&unit.control_group).map(|folder| cgroups::members(&folder))
        }
        Target::Process(name) => {
            let all = procfs::process::all_processes().ok()?.flatten();
            let named = all.filter_map(|process| process.stat().ok()).filter(|stat| *stat.comm == **name);
            Some(named.map(|stat| stat.pid).collect())
        }
        _ => None,
    }
}

/// Makes a text safe to print, without secrets, and no larger than a page can carry.
fn tidy(body: &str) -> Arc<str> {
    if body.trim().is_empty() {
        return "nothing came of it: the output is empty".into();
    }
    let body = clean(body);
    let body = redact(&body);
    let Some(end) = (0..=LARGEST).rev().find(|end| body.is_char_boundary(*end)).filter(|end| *end < body.len()) else {
        return body.as_ref().into();
    };
    format!("{}\n[… {} bytes left out …]", &body[..end], body.len() - end).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::attachment::{DiskUsage, JournalLines, UsageBy};
    use crate::playbook::value::Template;

    #[tokio::test]
    async fn every_piece_says_something_in_its_order() {
        let run = |argv: &[&str]| Attachment::Run(argv.iter().map(|word| Template((*word).into())).collect());
        let attach = [
            run(&["echo", "{target}", "{{x}}"]),
            run(&["no-such-program-anywhere"]),
            run(&["echo", "{nonsense}"]),
            run(&["sh", "-c", "printf 'a\\033[2Jb'; exit 3"]),
            Attachment::Journal(JournalLines { lines: 5 }),
            Attachment::DiskUsage(DiskUsage { depth: 1, top: 3, by: UsageBy::Bytes }),
        ];
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Path(folder.path().to_str().unwrap().into());
        let evidence = gather(&attach, &target).await;
        assert_eq!(evidence.len(), attach.len());
        assert_eq!(*evidence[0].body, format!("{} {{x}}\n", folder.path().display()));
        assert!(evidence[1].body.starts_with("not gathered: there is no program"), "{}", evidence[1].body);
        assert!(evidence[2].body.contains("{nonsense}"), "{}", evidence[2].body);
        assert_eq!(&*evidence[3].body, "a␛[2Jb\n[exit code 3]");
        assert!(evidence[4].title.starts_with("Journal of path"), "{}", evidence[4].title);
        assert!(!evidence[4].body.is_empty() && !evidence[5].body.is_empty());
    }

    #[test]
    fn secrets_are_hidden() {
        assert_eq!(&*tidy("password=hunter2\n"), "password=[redacted]\n");
    }

    #[test]
    fn too_much_is_cut_at_a_character() {
        let body = tidy(&"ä".repeat(LARGEST));
        assert!(body.len() < LARGEST + 100 && body.contains("bytes left out"));
    }
}

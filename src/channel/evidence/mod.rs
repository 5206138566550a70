//! What a playbook attaches to a page. Each piece has a deadline, and one that fails becomes a piece that says so: a
//! page never waits for its evidence longer than that, and never goes without a word about it.

mod holders;
mod logs;
mod program;
mod usage;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::page::Evidence;
use crate::host::redact::redact;
use crate::playbook::{Attachment, Target};
use crate::text::{clean, clean_line};

/// For one piece. Whatever gathers it has a shorter one of its own; this one holds even where the kernel does not
/// answer.
const DEADLINE: Duration = Duration::from_secs(40);
/// Bytes of one piece.
const LARGEST: usize = 256 << 10;

/// What one kind of evidence came to: its text, or why there is none.
type Gathered = Result<String, String>;

/// Gathers all of it at once; in the order of `attach`.
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
            Attachment::Journal(wanted) => logs::gather(&target, wanted.lines).await,
            Attachment::DiskUsage(wanted) => usage::gather(target, wanted).await,
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

fn title(attachment: &Attachment, target: &Target) -> String {
    match attachment {
        Attachment::Journal(wanted) => format!("Journal of {target}, last {} lines", wanted.lines),
        Attachment::DiskUsage(_) => format!("Disk usage around {target}"),
        Attachment::Run(argv) => {
            let words: Vec<String> = argv.iter().map(ToString::to_string).collect();
            format!("Output of {}", words.join(" "))
        }
    }
}

/// Clean, without secrets, and of a size that a page can carry.
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
    use crate::playbook::model::{DiskUsage, JournalLines};
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
            Attachment::DiskUsage(DiskUsage { depth: 1, top: 3 }),
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

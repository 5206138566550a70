//! The command channel: a program reads the page as Markdown on its standard input, and exit code 0 means taken.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::channel::document::whole;
use crate::channel::page::{Page, PageKind};
use crate::channel::settings::CommandSettings;
use crate::channel::{DeliveryError, PeerReply, RetryPolicy};
use crate::host::child::{ChildExit, ChildResult, Job, StartError};

/// Bytes of output to keep for saying what went wrong.
const KEEP: usize = 1024;

/// A program to hand pages to.
#[derive(Debug, Clone)]
pub(in crate::channel) struct CommandChannel {
    settings: CommandSettings,
}

impl CommandChannel {
    pub(in crate::channel) fn new(settings: CommandSettings) -> Self {
        Self { settings }
    }

    pub(in crate::channel) async fn deliver(&self, page: Arc<Page>) -> Result<PeerReply, DeliveryError> {
        let Some((name, args)) = self.settings.run.split_first() else {
            return Err(DeliveryError::new(RetryPolicy::Slow, "its `run` is empty"));
        };
        let job = Job {
            env: environment(&page),
            stdin: whole(&page, &TimeZone::system()).into_bytes(),
            keep: KEEP,
            ..Job::new(name.as_str(), args.to_vec(), self.settings.timeout.0)
        };
        match job.run().await {
            Ok(ChildResult { ended, output, .. }) => {
                let output = output.text();
                let said = output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
                let colon = if said.is_empty() { "" } else { ": " };
                let said = format!("{name}: {ended}{colon}{said}");
                if ended == ChildExit::Exit(0) { Ok(said) } else { Err(DeliveryError::new(RetryPolicy::Usual, said)) }
            }
            // A program that is missing may be installed yet: it is looked up each time.
            Err(error @ StartError::Program(_)) => Err(DeliveryError::new(RetryPolicy::Slow, error.to_string())),
            Err(error @ (StartError::NoAnswer(_) | StartError::Failed { .. })) => {
                Err(DeliveryError::new(RetryPolicy::Usual, error.to_string()))
            }
        }
    }
}

/// The page's parts, for programs that want no Markdown.
fn environment(page: &Page) -> Vec<(&'static str, String)> {
    let (cause, by) = match &page.kind {
        PageKind::Trigger { cause } => (cause.to_string(), String::new()),
        PageKind::Acknowledge { by } => (String::new(), by.to_string()),
        PageKind::Resolve => (String::new(), String::new()),
    };
    let mut parts = vec![
        ("SALVE_KIND", page.kind.word().to_owned()),
        ("SALVE_DEDUP", page.dedup.to_string()),
        ("SALVE_PAGE", page.id.0.to_string()),
        ("SALVE_INCIDENT", page.incident.0.to_string()),
        ("SALVE_HOST", page.host.to_string()),
        ("SALVE_PLAYBOOK", page.playbook.to_string()),
        ("SALVE_TITLE", page.title.to_string()),
        ("SALVE_TARGET", page.target.to_string()),
        ("SALVE_RISK", page.risk.to_string()),
        ("SALVE_CAUSE", cause),
        ("SALVE_ACKNOWLEDGED_BY", by),
        ("SALVE_WHY", page.why.to_string()),
        ("SALVE_SUMMARY", page.summary()),
        ("SALVE_AT", page.at.to_string()),
    ];
    for (_, value) in &mut parts {
        // a NUL cannot stand in an environment, and no other control character should
        *value = crate::text::clean_line(value).into_owned();
    }
    parts
}

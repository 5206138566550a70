//! The command channel: a program reads the page as Markdown on its standard input, and exit code 0 means taken.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::delivery::{Delivering, Delivery, DeliveryError, RetryPolicy};
use crate::channel::document::whole;
use crate::channel::kind::{ChannelError, ChannelKind};
use crate::channel::page::Page;
use crate::channel::settings_faults;
use crate::host::child::{ChildExit, ChildResult, Job, StartError};
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;

/// Bytes of output to keep for saying what went wrong.
const KEEP: usize = 1024;

/// `command = { run = ["mail", "-s", "salve", "root"] }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandSettings {
    /// Program and arguments; no shell. The page comes as Markdown on standard input, and its parts in the environment
    /// (`SALVE_KIND`, `SALVE_DEDUP`, `SALVE_TITLE`, …). Exit code 0 means that the page was taken.
    pub run: Vec<String>,
    /// How long it may run; longer counts as not taken.
    #[serde(default = "settings_faults::thirty_seconds")]
    pub timeout: Period,
}

impl ChannelKind for CommandSettings {
    const FORM: &'static str = "{ run = [\"/usr/local/bin/send-sms\", \"oncall\"] }";

    fn destination(&self) -> String {
        self.run.join(" ")
    }

    fn faults(&self) -> Vec<ChannelError> {
        let mut faults: Vec<ChannelError> = settings_faults::timeout(self.timeout).into_iter().collect();
        let right = "write run = [\"/usr/local/bin/send-sms\", \"oncall\"]";
        match self.run.first().map(String::as_str) {
            None | Some("") => {
                faults.push(ChannelError::new("run", Rule::EmptyArguments, "`run` names no program", right));
            }
            Some(program) if program.contains('/') && !program.starts_with('/') => {
                let wrong = format!("`{program}` is not absolute");
                faults.push(ChannelError::new("run", Rule::RelativeProgram, wrong, right));
            }
            Some(_) => {}
        }
        faults
    }

    fn open(self, _: &Path) -> Arc<dyn Delivery> {
        Arc::new(CommandChannel::new(self))
    }
}

/// A program to hand pages to.
#[derive(Debug, Clone)]
pub(in crate::channel) struct CommandChannel {
    settings: CommandSettings,
}

impl CommandChannel {
    pub(in crate::channel) fn new(settings: CommandSettings) -> Self {
        Self { settings }
    }
}

impl Delivery for CommandChannel {
    fn deliver(&self, page: Arc<Page>) -> Delivering<'_> {
        Box::pin(async move {
            let Some((name, args)) = self.settings.run.split_first() else {
                return Err(DeliveryError::new(RetryPolicy::Slow, "its `run` is empty"));
            };
            let job = Job {
                env: page.fields(),
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
                    if ended == ChildExit::Exit(0) {
                        Ok(said)
                    } else {
                        Err(DeliveryError::new(RetryPolicy::Usual, said))
                    }
                }
                // A program that is missing may be installed yet: it is looked up each time.
                Err(error @ StartError::Program(_)) => Err(DeliveryError::new(RetryPolicy::Slow, error.to_string())),
                Err(error @ (StartError::NoAnswer(_) | StartError::Failed { .. })) => {
                    Err(DeliveryError::new(RetryPolicy::Usual, error.to_string()))
                }
            }
        })
    }
}

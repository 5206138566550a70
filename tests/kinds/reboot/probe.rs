//! Looks for the file by which Debian's packages ask for a reboot.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::table::RebootCheck;
use crate::check::events::event_source::OwnSources;
use crate::check::events::folders::Folders;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::Conditions;
use crate::check::kind::CheckProbe;
use crate::check::prober::{Cost, Prober};
use crate::foreign::{self, read};
use crate::playbook::Target;

/// The file that exists while a reboot is required.
const FILE: &str = "/run/reboot-required";

/// How long its file system may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// This host: there is only one to ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RebootSubject;

/// Whether the host must be rebooted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebootSeen {
    /// Whether the file exists.
    pub required: bool,
}

impl CheckProbe for RebootCheck {
    type Subject = RebootSubject;
    type Seen = RebootSeen;
    const COST: Cost = Cost::Little;

    fn subject(&self, _: &Target) -> Result<RebootSubject, String> {
        Ok(RebootSubject)
    }

    async fn probe(_: &RebootSubject, _: &Prober) -> Result<RebootSeen, String> {
        match foreign::at(Path::new(FILE), LIMIT, |may_hang| read::look(Path::new(FILE), may_hang)).await {
            Ok(Ok(_)) => Ok(RebootSeen { required: true }),
            Ok(Err(refusal)) if refusal.is_not_found() => Ok(RebootSeen { required: false }),
            Ok(Err(refusal)) => Err(format!("{FILE} cannot be looked for: {refusal}")),
            Err(silence) => Err(silence.to_string()),
        }
    }

    fn judge(&self, seen: &RebootSeen) -> Judgement {
        let mut parts = Conditions::default();
        if let Some(wanted) = self.required {
            parts.met(wanted == seen.required, if seen.required { "required" } else { "not required" });
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        if self.required == Some(false) { "not required" } else { "required" }.into()
    }

    fn own_sources(&self, _: &RebootSubject, folders: Option<Arc<Folders>>) -> Option<OwnSources> {
        OwnSources::in_folder(FILE.into(), folders)
    }
}

//! Looks for the file by which Debian's packages ask for a reboot.

use std::fs;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::table::RebootCheck;
use crate::check::events::event_source::OwnSources;
use crate::check::events::folders::Folders;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::Conditions;
use crate::check::kind::{CheckProbe, Cost};
use crate::check::prober::Prober;
use crate::playbook::Target;

/// The file that exists while a reboot is required.
const FILE: &str = "/run/reboot-required";

/// This host.
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
        let required = fs::exists(FILE).map_err(|error| format!("{FILE} cannot be looked for: {error}"))?;
        Ok(RebootSeen { required })
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

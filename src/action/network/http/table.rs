//! An HTTP request, and the status that counts as success.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay};
use crate::playbook::diagnostic::Findings;
use crate::playbook::lint::templates::{self, TemplateUse};
use crate::playbook::lint::{names, secrets};
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::{Sourced, Template, WantedNumber};

/// `http = { method = "POST", url = "http://127.0.0.1:8080/reload", status = 204 }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpAction {
    /// The address to send it to: without proxy or redirects, over a fresh connection.
    pub url: String,
    /// The method; POST if left out.
    #[serde(default, skip_serializing_if = "is_post")]
    pub method: Method,
    /// Headers besides `Host` and `Content-Length`. A secret comes from a file: `NAME = { file = "/etc/salve/api.key" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Sourced>,
    /// The body to send; empty if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Template>,
    /// The status that counts as success; any from 200 to 299 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<WantedNumber>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Submit the body to be processed; repeating it may act twice.
    #[default]
    Post,
    /// Create or replace what the address names with the body.
    Put,
    /// Change parts of what the address names.
    Patch,
    /// Delete what the address names.
    Delete,
    /// Only read; for services that act on a GET.
    Get,
}

impl Method {
    /// As it is written in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Get => "GET",
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_post(method: &Method) -> bool {
    *method == Method::Post
}

impl ActionTable for HttpAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "A request, and the status that says that it was done.",
        examples: &["http = { method = \"POST\", url = \"http://127.0.0.1:8080/reload\", status = 204 }"],
        does: "sends it once; another status, or no answer before the rung's timeout, ends the attempt",
        replay: Replay::Unsafe,
        risk: "whatever the service does; a request without an answer may have been carried out",
    };

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(reader.typed::<Self>(at, "`http`", Self::DOCS.examples[0])?.value)
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        names::url(&self.url, at.field_span("url"), findings);
        if let Some(body) = &self.body {
            templates::template(body, at.field("body").unwrap_or(at), TemplateUse::Attempt, targets, findings);
        }
        if let Some(wanted) = self.status.filter(|wanted| !(100..=599).contains(&wanted.number)) {
            let message = format!("{} is not an HTTP status", wanted.number);
            findings.add(Rule::OutOfRange, at.field_span("status"), message, "an HTTP status is 100 to 599");
        }
        let Some(table) = at.field("headers") else { return };
        for (name, value) in &self.headers {
            let entry = table.field(name).unwrap_or(table);
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            let own = ["host", "content-length", "transfer-encoding", "connection"];
            if name.is_empty() || !name.chars().all(plain) || own.contains(&&*name.to_ascii_lowercase()) {
                let message = format!("the header `{name}` cannot be set");
                let help = "letters, digits, `-` and `_` only; what carries the request is set by itself";
                findings.add(Rule::BadVariable, entry.key_span(), message, help);
            }
            secrets::sourced(name, value, entry, targets, findings);
        }
    }

    fn templates(&self) -> Vec<&Template> {
        self.headers.values().filter_map(Sourced::template).chain(&self.body).collect()
    }
}

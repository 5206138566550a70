//! A request: resolved to its last byte, sent once on a fresh connection, judged by its status.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;

use super::table::{HttpAction, Method};
use crate::action::context::Context;
use crate::action::description::quoted;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::action::{redact, sourced};
use crate::core::plan::StepResult;
use crate::host::{capped, cause, web};
use crate::playbook::Playbook;
use crate::playbook::placeholder::Placeholders;
use crate::playbook::value::WantedNumber;
use crate::text::clean;
use crate::text::secret::Secret;

/// How many bytes of an answer are kept with the attempt.
const KEPT: usize = 4096;

/// How long the connection may take to open.
const CONNECT: Duration = Duration::from_secs(10);

/// An HTTP request, complete but for its connection: secrets are filled in and are not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedHttpRequest {
    /// The HTTP method.
    pub method: Method,
    /// The complete address, which may contain a secret.
    pub url: Secret,
    /// Headers, placeholders filled, in order of names.
    pub headers: Vec<(String, Secret)>,
    /// The body, placeholders filled.
    pub body: Option<Secret>,
    /// The status that counts as success; none means any 2xx.
    pub status: Option<WantedNumber>,
}

impl ActionKind for HttpAction {
    type Resolved = ResolvedHttpRequest;

    /// Resolves a playbook's request for one target: fills the placeholders of body and headers, and reads the values that
    /// come from files or credentials.
    async fn plan(&self, _: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let values =
            Placeholders { target: context.target.clone(), incident: Some(context.incident.0), pid: context.pid };
        let body = self.body.as_ref().map(|body| body.fill(&values)).transpose()?;
        let texts: Vec<String> = std::iter::once(self.url.clone()).chain(body.clone()).collect();
        sourced::still_known("a request", &texts)?;
        let mut headers = Vec::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            headers.push((name.clone(), sourced::value(name, value, &values).await?));
        }
        let mut details = Vec::new();
        if !headers.is_empty() {
            let shown: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {}", value.shown())).collect();
            details.push(("headers", shown.join("; ")));
        }
        let (url, body) = (Secret::text(&self.url), body.as_deref().map(Secret::text));
        if let Some(body) = &body {
            let length = body.expose().map_or(0, str::len);
            details.push(("body", format!("{length} bytes: {}", body.shown())));
        }
        details.push(("done at", self.status.map_or_else(|| "a status of 200 to 299".into(), |one| one.to_string())));
        details.push(("blast radius", "whatever the service does".into()));
        details.push(("rollback", "none".into()));
        let sentence = format!("{} {}", self.method.word(), quoted(url.shown()));
        let resolved = ResolvedHttpRequest { method: self.method, url, headers, body, status: self.status };
        Ok(ResolvedStep { sentence, details, resolved })
    }

    /// Sends the request once. Past the deadline the step is timed out, although the service may have received it.
    async fn carry_out(resolved: ResolvedHttpRequest, context: &mut StepContext<'_>) -> StepOutcome {
        match timeout_at(context.deadline, send(&resolved)).await {
            Ok(ran) => ran,
            Err(_) => StepOutcome {
                result: StepResult::TimedOut,
                output: "[no answer; it may have been carried out all the same]\n".into(),
                scope_empty: true,
            },
        }
    }
}

async fn send(resolved: &ResolvedHttpRequest) -> StepOutcome {
    let client = match client() {
        Ok(client) => client,
        Err(why) => return StepOutcome::failed(why),
    };
    let method = match resolved.method {
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
        Method::Get => reqwest::Method::GET,
    };
    let Some(request) = request(client, method, resolved) else {
        return StepOutcome::refused("its secrets are not known any more");
    };
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return StepOutcome::failed(cause::of(&error.without_url())),
    };
    let status = response.status().as_u16();
    let body = capped::head(&mut response, KEPT).await.unwrap_or_default();
    let output = redact::redact(&clean(&String::from_utf8_lossy(&body))).into_owned();
    let good = resolved.status.map_or((200..300).contains(&status), |wanted| wanted.admits(Some(status)));
    let said = format!("status {status}").into();
    StepOutcome {
        result: if good { StepResult::Done(said) } else { StepResult::Failed(said) },
        output,
        scope_empty: true,
    }
}

/// Builds the request with its secrets; none if they are not known.
fn request(client: &Client, method: reqwest::Method, resolved: &ResolvedHttpRequest) -> Option<RequestBuilder> {
    let mut request = client.request(method, resolved.url.expose()?);
    for (name, value) in &resolved.headers {
        request = request.header(name, value.expose()?);
    }
    match &resolved.body {
        Some(body) => Some(request.body(body.expose()?.to_owned())),
        None => Some(request),
    }
}

fn client() -> Result<&'static Client, String> {
    static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
    let made = CLIENT.get_or_init(|| web::client().connect_timeout(CONNECT).build().map_err(|error| cause::of(&error)));
    made.as_ref().map_err(|why| format!("no request can be made: {why}"))
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{body_string, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    fn resolved(url: &str) -> ResolvedHttpRequest {
        ResolvedHttpRequest {
            method: Method::Post,
            url: Secret::text(url),
            headers: Vec::new(),
            body: None,
            status: None,
        }
    }

    #[tokio::test]
    async fn the_status_says_whether_it_was_done() {
        let server = MockServer::start().await;
        let reload = Mock::given(method("POST")).and(path("/reload")).and(body_string("all")).and(header("X-By", "s"));
        reload.respond_with(ResponseTemplate::new(204)).mount(&server).await;
        let broken = Mock::given(path("/broken"));
        broken.respond_with(ResponseTemplate::new(500).set_body_string("no\x1b[1m password=x")).mount(&server).await;
        let headers = vec![("X-By".into(), Secret::text("s"))];
        let asked = ResolvedHttpRequest {
            headers,
            body: Some(Secret::text("all")),
            ..resolved(&format!("{}/reload", server.uri()))
        };
        assert_eq!(send(&asked).await.result, StepResult::Done("status 204".into()));
        let wanting = ResolvedHttpRequest { status: Some("200".parse().unwrap()), ..asked };
        assert_eq!(send(&wanting).await.result, StepResult::Failed("status 204".into()));
        let failed = send(&resolved(&format!("{}/broken", server.uri()))).await;
        assert_eq!(failed.result, StepResult::Failed("status 500".into()));
        assert!(!failed.output.contains(['\x1b', 'x']), "{:?}", failed.output);
    }

    #[tokio::test]
    async fn a_head_without_end_is_a_failure() {
        let (url, said) = web::endless::server("x").await;
        assert!(matches!(send(&resolved(&url)).await.result, StepResult::Failed(_)));
        assert!(said.await.unwrap() < web::endless::MOST);
    }

    #[tokio::test]
    async fn nobody_there_is_a_failure_in_words() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        assert!(matches!(send(&resolved(&url)).await.result, StepResult::Failed(why) if why.contains("refused")));
        let hostile = ResolvedHttpRequest {
            headers: vec![("a\r\nb".into(), Secret::text("c"))],
            ..resolved("http://127.0.0.1/")
        };
        assert!(matches!(send(&hostile).await.result, StepResult::Failed(_)));
    }
}

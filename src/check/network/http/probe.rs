//! An HTTP request: a fresh connection each time, no proxy, no redirect. A missing answer is an observation as well.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

use super::table::HttpCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined};
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::{Cost, Prober, connection};
use crate::host::web::plain::PlainUrl;
use crate::host::{capped, cause, web};
use crate::playbook::Target;

/// How much of a body is searched, in bytes.
const BODY: usize = 64 * 1024;

/// The request to send, and the text to find in the answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HttpSubject {
    /// The address to request.
    pub url: Arc<str>,
    /// Text to look for in the body.
    pub text: Option<Arc<str>>,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpSeen {
    /// The server answered, whatever the status.
    Answer {
        /// The HTTP status code.
        status: u16,
        /// Milliseconds to the whole answer, or to the first 64 KiB of it.
        took_ms: u64,
        /// Whether the body held the text that was looked for.
        text: Option<bool>,
    },
    /// No answer, and the reason: refused, timed out, no such host, invalid certificate.
    None(String),
}

impl CheckProbe for HttpCheck {
    type Subject = HttpSubject;
    type Seen = HttpSeen;
    const COST: Cost = Cost::Request;

    /// The address that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<HttpSubject, String> {
        let url = match (&self.url, target) {
            (Some(url), _) => url.as_str().into(),
            (None, Target::Url(url)) => url.clone(),
            (None, _) => return Err("the check names no address to ask, and its target is none".into()),
        };
        let text = self.body.as_ref().map(|wanted| wanted.text.as_str().into());
        Ok(HttpSubject { url, text, timeout_ms: millis(self.timeout, Duration::from_secs(5)) })
    }

    /// Sends the request.
    async fn probe(subject: &HttpSubject, _: &Prober) -> Result<HttpSeen, String> {
        ask(&subject.url, subject.text.as_deref(), Duration::from_millis(subject.timeout_ms)).await
    }

    /// Decides whether the answer meets every condition of the check. A missing answer has no status, body or latency:
    /// `not 200` holds, and so does a bound that a slow answer would meet.
    fn judge(&self, seen: &HttpSeen) -> Judgement {
        let mut parts = Conditions::default();
        let answer = match seen {
            HttpSeen::Answer { status, took_ms, text } => Some((*status, Duration::from_millis(*took_ms), *text)),
            HttpSeen::None(_) => None,
        };
        let words = match seen {
            HttpSeen::Answer { status, .. } => status.to_string(),
            HttpSeen::None(why) => format!("no answer: {why}"),
        };
        if let Some(wanted) = self.status {
            parts.met(wanted.admits(answer.map(|(status, ..)| status)), words.as_str());
        }
        if let Some(wanted) = &self.body {
            match answer {
                Some((_, _, Some(held))) => {
                    parts.met(wanted.admits(held), format!("{words}, text {}", if held { "found" } else { "missing" }));
                }
                Some((_, _, None)) => parts.unclear("the body was not looked at for this text"),
                None => parts.met(wanted.admits(false), words.as_str()),
            }
        }
        if let Some(bound) = self.latency {
            // A missing answer is slower than any bound.
            let took = answer.map_or(Duration::MAX, |(_, took, _)| took);
            match answer {
                Some(_) => parts.met(bound.admits(took), format!("{words} in {} ms", took.as_millis())),
                None => parts.met(bound.admits(took), words.as_str()),
            }
        }
        if self.status.is_none() && self.body.is_none() && self.latency.is_none() {
            // An address alone holds with any status of 2xx.
            parts.met(answer.is_some_and(|(status, ..)| (200..300).contains(&status)), words);
        }
        if let Some((_, took, _)) = answer {
            parts.figure(took.as_secs_f64() * 1000.0);
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let words = joined([
            self.status.map(|status| status.to_string()),
            self.body.as_ref().map(ToString::to_string),
            self.latency.map(|bound| bound.to_string()),
        ]);
        if words.is_empty() { "2xx".into() } else { words }
    }

    fn is_insignificant(now: &HttpSeen, then: &HttpSeen) -> bool {
        match (now, then) {
            (
                HttpSeen::Answer { status, took_ms, text },
                HttpSeen::Answer { status: then_status, took_ms: then_took, text: then_text },
            ) => {
                status == then_status && text == then_text && took_ms.abs_diff(*then_took) * 4 <= (*then_took).max(100)
            }
            _ => now == then,
        }
    }
}

async fn ask(url: &str, text: Option<&str>, limit: Duration) -> Result<HttpSeen, String> {
    let client = client()?;
    let began = Instant::now();
    let asked = async {
        let (status, body) = match PlainUrl::of(url) {
            Some(plain) => get_plainly(plain).await?,
            None => get(client, url).await.map_err(|error| cause::of(&error))?,
        };
        let text = text.map(|text| contains(&body, text.as_bytes()));
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(HttpSeen::Answer { status, took_ms, text })
    };
    match tokio::time::timeout(limit, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(why)) => Ok(HttpSeen::None(why)),
        Err(_) => Ok(HttpSeen::None(format!("nothing within {} s", limit.as_secs_f64()))),
    }
}

/// The status, and the beginning of the body.
async fn get(client: &Client, url: &str) -> reqwest::Result<(u16, Vec<u8>)> {
    let mut response = client.get(url).send().await?;
    Ok((response.status().as_u16(), capped::head(&mut response, BODY).await?))
}

/// The same of an address that needs no client.
async fn get_plainly(url: PlainUrl) -> Result<(u16, Vec<u8>), String> {
    let opened = connection::open_to(url.address).await.and_then(TcpStream::from_std);
    let stream = opened.map_err(|error| cause::of(&error))?;
    url.get(stream, BODY).await.map_err(|error| cause::of(&error))
}

/// One client for all: it holds the roots of trust, and keeps no connection.
fn client() -> Result<&'static Client, String> {
    static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
    let made = CLIENT.get_or_init(|| web::client().build().map_err(|error| cause::of(&error)));
    made.as_ref().map_err(|why| format!("no request can be made: {why}"))
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::core::Verdict;

    fn answer(status: u16, took_ms: u64, text: Option<bool>) -> HttpSeen {
        HttpSeen::Answer { status, took_ms, text }
    }

    #[test]
    fn no_answer_is_not_any_status() {
        let none = HttpSeen::None("Connection refused".into());
        let wanting = |status: &str| HttpCheck { status: Some(status.parse().unwrap()), ..HttpCheck::default() };
        assert_eq!(wanting("200").judge(&none).verdict, Verdict::DoesNotHold);
        assert_eq!(wanting("not 200").judge(&none).verdict, Verdict::Holds);
        assert_eq!(wanting("not 200").judge(&none).seen, "no answer: Connection refused");
        assert_eq!(wanting("200").judge(&answer(200, 3, None)).verdict, Verdict::Holds);
        assert_eq!(wanting("200").judge(&answer(503, 3, None)).seen, "503");
        assert_eq!(HttpCheck::default().judge(&answer(204, 3, None)).verdict, Verdict::Holds);
        assert_eq!(HttpCheck::default().judge(&answer(301, 3, None)).verdict, Verdict::DoesNotHold);
    }

    #[test]
    fn body_and_latency_count() {
        let check =
            HttpCheck { body: Some("ok".into()), latency: Some("< 500ms".parse().unwrap()), ..HttpCheck::default() };
        let judgement = check.judge(&answer(200, 12, Some(true)));
        assert_eq!((judgement.verdict, judgement.figure), (Verdict::Holds, Some(12.0)));
        assert_eq!(judgement.seen, "200, text found, 200 in 12 ms");
        assert_eq!(check.judge(&answer(200, 700, Some(true))).verdict, Verdict::DoesNotHold);
        assert_eq!(check.judge(&answer(200, 12, Some(false))).verdict, Verdict::DoesNotHold);
        let slow = HttpCheck { latency: Some("> 500ms".parse().unwrap()), ..HttpCheck::default() };
        assert_eq!(slow.judge(&HttpSeen::None("late".into())).verdict, Verdict::Holds);
        assert_eq!(check.condition(), "holds \"ok\", < 500ms");
    }

    #[tokio::test]
    async fn a_real_server_is_asked_and_redirects_are_not_followed() {
        let server = MockServer::start().await;
        let reply = |status| ResponseTemplate::new(status).set_body_string("all is well");
        Mock::given(path("/good")).respond_with(reply(200)).mount(&server).await;
        let away = ResponseTemplate::new(302).insert_header("location", "/good");
        Mock::given(path("/away")).respond_with(away).mount(&server).await;
        let ask = |place: &str, text| {
            let url = format!("{}{place}", server.uri());
            async move { ask(&url, text, Duration::from_secs(30)).await.unwrap() }
        };
        assert!(matches!(ask("/good", Some("well")).await, HttpSeen::Answer { status: 200, text: Some(true), .. }));
        assert!(matches!(ask("/good", Some("ill")).await, HttpSeen::Answer { text: Some(false), .. }));
        assert!(matches!(ask("/away", None).await, HttpSeen::Answer { status: 302, text: None, .. }));
    }

    #[tokio::test]
    async fn a_head_without_end_is_no_answer() {
        let (url, said) = web::endless::server("x: y\r\n").await;
        let seen = ask(&url, None, Duration::from_secs(30)).await.unwrap();
        assert!(matches!(&seen, HttpSeen::None(why) if !why.contains("within")), "{seen:?}");
        assert!(said.await.unwrap() < web::endless::MOST);
    }

    #[tokio::test]
    async fn refusal_and_silence_are_no_answer() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let late = ask(&url, None, Duration::from_millis(50)).await.unwrap();
        assert_eq!(late, HttpSeen::None("nothing within 0.05 s".into()));
        // another one: a connection to the first may still be under way
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", closed.local_addr().unwrap());
        drop(closed);
        let refused = ask(&url, None, Duration::from_secs(30)).await.unwrap();
        assert!(matches!(&refused, HttpSeen::None(why) if why.contains("refused")), "{refused:?}");
    }
}

//! What channels over HTTP share: the one client, and what an answer or its absence means.

pub(super) mod address;
pub(super) mod sign;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use self::address::Over;
use super::delivery::{DeliveryError, RetryPolicy};
use super::secret;
use crate::host::{capped, cause, web};

/// Characters of an answer that are repeated.
const WORDS: usize = 120;
/// Bytes of it that are read for them.
const HEAD: usize = 4 * WORDS;

/// The process's one client; it keeps no connection open.
pub(super) fn client() -> Result<&'static Client, DeliveryError> {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    let client = web::client()
        .build()
        .map_err(|error| DeliveryError::new(RetryPolicy::Slow, format!("no TLS here: {}", error.without_url())))?;
    Ok(CLIENT.get_or_init(|| client))
}

/// Asks for an address, which may stand in a private file, and looks only at the answer's status.
///
/// # Errors
/// In words, without the address: it may be a secret.
pub async fn ping(url: Option<&str>, url_file: Option<&Path>, within: Duration) -> Result<(), Arc<str>> {
    let asked = async {
        let url = match (url, url_file) {
            (Some(url), _) => url.to_owned(),
            (None, Some(path)) => secret::read(path).await?,
            (None, None) => return Err(DeliveryError::new(RetryPolicy::Slow, "it has no address")),
        };
        address::check(&url, Over::Any)
            .map_err(|wrong| DeliveryError::new(RetryPolicy::Slow, format!("its address {}", wrong.wrong)))?;
        let answer = client()?.get(url).timeout(within).send().await.map_err(unanswered)?;
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(DeliveryError::new(RetryPolicy::Usual, format!("it answered {status}")))
        }
    };
    asked.await.map_err(|setback| setback.why)
}

/// The process has one TLS provider; whoever comes first installs it.
pub(super) fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // an error means that another module was first, with the same one
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Headers whose values stand in private files, read anew each time.
pub(super) async fn from_files(files: &BTreeMap<String, PathBuf>) -> Result<HeaderMap, DeliveryError> {
    let mut headers = HeaderMap::new();
    for (name, path) in files {
        let value = secret::read(path).await?;
        insert(&mut headers, name, &value)?;
    }
    Ok(headers)
}

/// One more header; its value is never shown.
pub(super) fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), DeliveryError> {
    let read = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
    let (key, mut value) =
        read.ok_or_else(|| DeliveryError::new(RetryPolicy::Slow, format!("its header {name} is not a valid one")))?;
    value.set_sensitive(true);
    headers.insert(key, value);
    Ok(())
}

/// When to try again after an answer that is no yes, by its status.
pub(super) fn pace(status: StatusCode, headers: &HeaderMap) -> RetryPolicy {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            retry_after(headers).map_or(RetryPolicy::Usual, RetryPolicy::After)
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => RetryPolicy::Usual,
        _ if status.is_server_error() => RetryPolicy::Usual,
        _ => RetryPolicy::Slow,
    }
}

/// An answer in words: its status and its beginning, unless that repeats something of `secrets`.
pub(super) async fn words(answer: Response, secrets: &[&str]) -> String {
    let status = answer.status();
    let said = beginning(answer, secrets).await;
    let colon = if said.is_empty() { "" } else { ": " };
    format!("it answered {status}{colon}{said}")
}

async fn beginning(mut answer: Response, secrets: &[&str]) -> String {
    let Ok(head) = capped::head(&mut answer, HEAD).await else { return String::new() };
    let said: String = String::from_utf8_lossy(&head).trim().chars().take(WORDS).collect();
    let mut words = secrets.iter().flat_map(|secret| secret.split([' ', '/'])).filter(|word| word.len() > 5);
    if words.any(|word| said.contains(word)) { String::new() } else { said }
}

/// A request that got no answer.
pub(super) fn unanswered(error: reqwest::Error) -> DeliveryError {
    let timed_out = error.is_timeout();
    let pace = match (error.is_builder(), timed_out && !error.is_connect()) {
        (true, _) => RetryPolicy::Slow,
        (false, true) => RetryPolicy::Unanswered,
        (false, false) => RetryPolicy::Usual,
    };
    if timed_out {
        return DeliveryError::new(pace, "no answer in time");
    }
    let error = error.without_url();
    // the innermost cause says it best: `connection refused`
    let (why, cause) = (error.to_string(), cause::of(&error));
    DeliveryError::new(pace, if why == cause { why } else { format!("{why}: {cause}") })
}

/// In seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(at.duration_since(Timestamp::now()).try_into().unwrap_or_default())
}

/// The host of an address, which says where it leads and is no secret.
pub(super) fn host_of(url: &str) -> String {
    reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_head_without_end_is_no_answer() {
        let (url, said) = web::endless::server("x: y\r\n").await;
        let asked = ping(Some(&url), None, Duration::from_secs(30)).await;
        assert!(asked.is_err_and(|why| !why.contains("in time")));
        assert!(said.await.unwrap() < web::endless::MOST);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let with = |value: &str| HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::try_from(value).unwrap())]);
        assert_eq!(retry_after(&with("120")), Some(Duration::from_mins(2)));
        assert_eq!(retry_after(&with("Wed, 21 Oct 2015 07:28:00 GMT")), Some(Duration::ZERO));
        assert_eq!(retry_after(&with("soon")), None);
    }
}

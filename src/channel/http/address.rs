//! Web addresses that pages may go to.

use std::net::IpAddr;

use reqwest::Url;

/// What may be sent where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::channel) enum Over {
    /// Nothing secret: http will do.
    Any,
    /// A secret: https, or http to this host itself.
    PrivateOnly,
}

/// Why an address will not do, and the right form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::channel) struct Wrong {
    /// Goes on from the key's name; never holds the address, which may be a secret.
    pub(in crate::channel) wrong: String,
    pub(in crate::channel) right: String,
}

/// The address, if pages may go there.
pub(in crate::channel) fn check(url: &str, over: Over) -> Result<Url, Wrong> {
    let wrong = |wrong: &str, right: &str| Err(Wrong { wrong: wrong.into(), right: right.into() });
    let form = "write it as \"https://hooks.example.net/salve\"";
    let parsed = match Url::parse(url) {
        Ok(parsed) => parsed,
        Err(error) => return wrong(&format!("is not a web address: {error}"), form),
    };
    if !matches!(parsed.scheme(), "http" | "https") {
        return wrong("can be http or https only", form);
    }
    if parsed.host_str().is_none_or(str::is_empty) {
        return wrong("names no host", form);
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return wrong("holds a name or password", "leave it out; an Authorization header can come from a private file");
    }
    if over == Over::PrivateOnly && parsed.scheme() == "http" && !parsed.host_str().is_some_and(is_loopback) {
        return wrong(
            "would show a secret to the network: plain http goes to this host itself only",
            "write https://…",
        );
    }
    Ok(parsed)
}

/// Does this name stand for this host itself, whatever a name server says?
pub(in crate::channel) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_leave_the_host_only_in_private() {
        for url in ["http://127.0.0.1:1/", "http://[::1]/", "http://localhost:9/x", "https://example.net/"] {
            assert!(check(url, Over::PrivateOnly).is_ok(), "{url}");
        }
        for url in ["http://example.net/", "http://127.0.0.1.example.net/", "http://localhost.example.net/"] {
            assert!(check(url, Over::PrivateOnly).unwrap_err().wrong.contains("plain http"), "{url}");
            assert!(check(url, Over::Any).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_repeating_it() {
        for url in ["ftp://s3cret/", "s3cret", "https://a:s3cret@example.net/", "http://"] {
            assert!(!check(url, Over::Any).unwrap_err().wrong.contains("s3cret"), "{url}");
        }
    }
}

//! Secrets out of text, before it is stored or shown.
//!
//! Hidden are: the value after a name that speaks of a secret (`password=…`, `"api_key": "…"`, `--token …`,
//! `Authorization: …`), the password in `scheme://user:password@host`, PEM private keys, and words in the shape of
//! well-known tokens. What hides a value too many is a nuisance, one too few is a leak: when in doubt, it is hidden.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in a secret's place.
pub const HIDDEN: &str = "[redacted]";

/// Names that speak of a secret, wherever they stand in a longer name; compared without case, `-` read as `_`.
const NAMES: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "credential",
    "authorization",
    "cookie",
    "pwd",
    "auth_key",
];

/// Heads of well-known tokens.
const TOKENS: [&str; 13] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "rk_live_",
    "AKIA",
    "eyJ",
];

/// The text with its secrets hidden.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut hidden = Vec::new();
    let mut start = 0;
    let mut in_key = false;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches('\n');
        if in_key || begins_private_key(body) {
            in_key = !body.contains("-----END ");
            hidden.push(start..start + body.len());
        } else if ends_private_key(body) {
            // The beginning was cut away: everything so far that can belong to it goes.
            hidden.push(key_lines_before(text, start)..start + body.len());
        } else {
            hidden.extend(in_line(body).into_iter().map(|range| start + range.start..start + range.end));
        }
        start += line.len();
    }
    if hidden.is_empty() { text.into() } else { without(text, hidden).into() }
}

/// Is this the name of a secret?
#[must_use]
pub fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    // The working folder is no secret, though `DB_PWD` is one.
    let folder = matches!(&*name, "pwd" | "oldpwd");
    !folder && NAMES.iter().any(|secret| name.contains(secret))
}

fn begins_private_key(line: &str) -> bool {
    line.contains("-----BEGIN ") && line.contains("PRIVATE KEY")
}

fn ends_private_key(line: &str) -> bool {
    line.contains("-----END ") && line.contains("PRIVATE KEY")
}

/// Where the run of base64 lines begins that ends at `end`.
fn key_lines_before(text: &str, end: usize) -> usize {
    let is_key = |line: &str| {
        !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
    };
    let mut start = end;
    for line in text[..end].split_inclusive('\n').rev() {
        if !is_key(line.trim_end()) {
            break;
        }
        start -= line.len();
    }
    start
}

fn in_line(line: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    named_values(line, &mut hidden);
    passwords_in_addresses(line, &mut hidden);
    for (start, word) in words(line) {
        if TOKENS.iter().any(|head| word.len() >= head.len() + 12 && word.starts_with(head)) {
            hidden.push(start..start + word.len());
        }
    }
    hidden
}

/// Runs of characters that names and tokens are made of, with their places.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    line.split(move |c| !part(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr().addr() - line.as_ptr().addr(), word))
}

fn named_values(line: &str, hidden: &mut Vec<Range<usize>>) {
    for (start, name) in words(line).filter(|(_, word)| names_secret(word)) {
        let after = start + name.len();
        let Some(value) = value_after(line, after, name) else { continue };
        hidden.push(value);
    }
}

/// The value that follows a name: after `=` or `:`, or after a space where the name is an option.
fn value_after(line: &str, after: usize, name: &str) -> Option<Range<usize>> {
    let rest = &line[after..];
    let unquoted = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    let spaced = unquoted.trim_start();
    // In a list of arguments: `"--token", "…"`.
    if name.starts_with('-')
        && let Some(next) = spaced.strip_prefix(',').map(str::trim_start)
        && let Some(quote @ ('"' | '\'')) = next.chars().next()
    {
        let start = line.len() - next.len() + 1;
        return Some(start..start + quoted_length(&next[1..], quote));
    }
    let header = spaced.starts_with(':');
    let value =
        match spaced.strip_prefix(":=").or_else(|| spaced.strip_prefix("=>")).or(spaced.strip_prefix([':', '='])) {
            Some(value) => value.trim_start(),
            None if name.starts_with('-') && rest.starts_with(' ') => spaced,
            None => return None,
        };
    let start = line.len() - value.len();
    let whole_line = header && ["authorization", "cookie"].iter().any(|word| name.to_ascii_lowercase().contains(word));
    let length = match value.chars().next()? {
        quote @ ('"' | '\'') => return Some(start + 1..start + 1 + quoted_length(&value[1..], quote)),
        _ if whole_line => value.len(),
        // hidden before: a value ends at a bracket, and this ends in one
        _ if value.starts_with(HIDDEN) => HIDDEN.len(),
        _ => value.find([' ', '\t', ',', ';', '&', '"', '\'', ')', '}', ']']).unwrap_or(value.len()),
    };
    // `Bearer …`, `Basic …`: the scheme may stay only with its secret hidden.
    let scheme = ["bearer", "basic", "digest"].iter().any(|word| value[..length].eq_ignore_ascii_case(word));
    let length = if scheme { value.len() } else { length };
    (length > 0).then(|| start..start + length)
}

fn quoted_length(value: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at,
            _ => {}
        }
    }
    value.len()
}

fn passwords_in_addresses(line: &str, hidden: &mut Vec<Range<usize>>) {
    for (at, _) in line.match_indices("://") {
        let start = at + 3;
        let end = line[start..]
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '<' | '>' | '`'))
            .map_or(line.len(), |length| start + length);
        let Some(host) = line[start..end].rfind('@') else { continue };
        let user = &line[start..start + host];
        if let Some(colon) = user.find(':').filter(|colon| colon + 1 < user.len()) {
            hidden.push(start + colon + 1..start + host);
        }
    }
}

/// The text with these ranges, in any order and overlapping as they like, each replaced by the one mark.
fn without(text: &str, mut hidden: Vec<Range<usize>>) -> String {
    hidden.sort_by_key(|range| range.start);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for range in hidden {
        if range.start >= done {
            out.push_str(&text[done..range.start]);
            out.push_str(HIDDEN);
        }
        done = done.max(range.end);
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_after_names_of_secrets_are_hidden() {
        for (text, safe) in [
            ("password=hunter2 next", "password=[redacted] next"),
            ("DB_PASSWORD: hunter2", "DB_PASSWORD: [redacted]"),
            (r#"{"api_key": "a\"b", "n": 1}"#, r#"{"api_key": "[redacted]", "n": 1}"#),
            ("curl --token abc --verbose", "curl --token [redacted] --verbose"),
            ("mysql --password=abc", "mysql --password=[redacted]"),
            (r#"["curl", "--token", "a b", "-v"]"#, r#"["curl", "--token", "[redacted]", "-v"]"#),
            ("Authorization: Bearer abc.def", "Authorization: [redacted]"),
            ("authorization=Basic dXNlcjpwYXNz", "authorization=[redacted]"),
            ("Set-Cookie: id=1; Secure", "Set-Cookie: [redacted]"),
            ("X-Api-Key: k123", "X-Api-Key: [redacted]"),
            ("client_secret='a b c' ok", "client_secret='[redacted]' ok"),
            ("GET /?access_token=abc&x=1", "GET /?access_token=[redacted]&x=1"),
        ] {
            assert_eq!(redact(text), safe);
        }
    }

    #[test]
    fn passwords_in_addresses_are_hidden_and_the_rest_stays() {
        assert_eq!(redact("to postgres://app:s3:c@db/x now"), "to postgres://app:[redacted]@db/x now");
        assert_eq!(redact("https://host:80/a@b"), "https://host:80/a@b");
        assert_eq!(redact("ssh://root@host"), "ssh://root@host");
    }

    #[test]
    fn private_keys_are_hidden_whole_even_where_one_end_was_cut_away() {
        let key = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd==\n-----END RSA PRIVATE KEY-----\nb\n";
        let safe = redact(key);
        assert!(!safe.contains("MIIE") && !safe.contains("abcd"), "{safe}");
        assert!(safe.starts_with("a\n") && safe.ends_with("\nb\n"));
        assert!(!redact("-----BEGIN PRIVATE KEY-----\nMIIE\nabcd").contains("abcd"));
        let tail = redact("words here\nMIIE\nabcd==\n-----END PRIVATE KEY-----\nb");
        assert!(!tail.contains("MIIE") && tail.starts_with("words here\n") && tail.ends_with("\nb"), "{tail}");
    }

    #[test]
    fn well_known_tokens_are_hidden() {
        assert_eq!(redact("using ghp_0123456789abcdef0123 here"), "using [redacted] here");
        assert_eq!(redact("eyJ is short"), "eyJ is short");
    }

    #[test]
    fn plain_text_is_left_alone() {
        for text in
            ["", "all is well: 3 of 3", "the token was refused", "a = b", "password", "10:00:00 restart", "PWD=/"]
        {
            assert_eq!(redact(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_named_secret_never_survives(name in "(password|API_KEY|x-token)", secret in "[A-Za-z0-9]{8,40}", junk in "\\PC{0,20}") {
            let text = format!("{junk}\n {name}={secret} {junk}");
            let safe = redact(&text);
            proptest::prop_assert!(!safe.contains(&secret) || junk.contains(&secret));
        }

        #[test]
        fn any_text_can_be_redacted(text in "\\PC{0,200}") {
            let once = redact(&text);
            assert_eq!(redact(&once), once, "what is hidden stays as it is");
        }
    }
}

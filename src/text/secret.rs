//! Text that is, or may hold, a secret: clear in memory, and nowhere else. The type cannot be written in the clear: a
//! record, a log or a screen gets its redacted form.

use std::fmt::{self, Write as _};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::redact::{HIDDEN, names_secret, redact};

/// A value of an environment, a header, an argument.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// None where it was read back from a record, which never had it.
    clear: Option<Arc<str>>,
    /// As people may see it.
    shown: Arc<str>,
    /// Tells two secrets apart without telling them; none where nothing was hidden.
    fingerprint: Option<Arc<str>>,
}

impl Secret {
    /// A value that is hidden whole.
    #[must_use]
    pub fn whole(value: &str) -> Self {
        Self { clear: Some(value.into()), shown: HIDDEN.into(), fingerprint: Some(fingerprint(value)) }
    }

    /// A text of which only what looks like a secret is hidden.
    #[must_use]
    pub fn text(value: &str) -> Self {
        let shown = redact(value);
        let fingerprint = (shown != value).then(|| fingerprint(value));
        Self { clear: Some(value.into()), shown: shown.as_ref().into(), fingerprint }
    }

    /// The value of something that has a name: hidden whole where the name speaks of a secret.
    #[must_use]
    pub fn named(name: &str, value: &str) -> Self {
        if names_secret(name) { Self::whole(value) } else { Self::text(value) }
    }

    /// The words of a command line: what follows an option that names a secret is hidden whole.
    #[must_use]
    pub fn words(words: &[String]) -> Vec<Self> {
        let before = std::iter::once("").chain(words.iter().map(String::as_str));
        words.iter().zip(before).map(|(word, before)| Self::word(before, word)).collect()
    }

    fn word(before: &str, word: &str) -> Self {
        let option = before.starts_with('-') && !before.contains('=') && !word.starts_with('-');
        let with_password = matches!(before, "-u" | "--user") && word.contains(':');
        if option && (names_secret(before) || with_password) { Self::whole(word) } else { Self::text(word) }
    }

    /// The secret itself; none where it was read back from a record. Only what carries it out may ask.
    #[must_use]
    pub fn expose(&self) -> Option<&str> {
        self.clear.as_deref()
    }

    /// As people may see it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// As it stands in a record: what may be seen, and the fingerprint of what may not.
    fn record(&self) -> String {
        match &self.fingerprint {
            Some(fingerprint) => format!("{} #{fingerprint}", self.shown),
            None => self.shown.to_string(),
        }
    }
}

/// Under a key that only this process has: nobody can try values against a record.
fn fingerprint(value: &str) -> Arc<str> {
    static KEY: LazyLock<[u64; 4]> = LazyLock::new(|| [(); 4].map(|()| RandomState::new().hash_one(())));
    let mut hash = Sha256::new();
    KEY.iter().for_each(|part| hash.update(part.to_le_bytes()));
    hash.update(value.as_bytes());
    let mut hex = String::with_capacity(32);
    for byte in &hash.finalize()[..16] {
        // writing to a text cannot fail
        let _ = write!(hex, "{byte:02x}");
    }
    hex.into()
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.record())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shown: Arc<str> = String::deserialize(deserializer)?.into();
        Ok(Self { clear: None, shown, fingerprint: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_written_in_the_clear() {
        for secret in [
            Secret::whole("hunter2"),
            Secret::text("postgres://app:hunter2@db/x"),
            Secret::named("DB_PASSWORD", "hunter2"),
            Secret::words(&["--password".into(), "hunter2".into()])[1].clone(),
            Secret::words(&["-u".into(), "ann:hunter2".into()])[1].clone(),
        ] {
            let written = serde_json::to_string(&secret).unwrap();
            assert!(!written.contains("hunter2") && written.contains(HIDDEN), "{written}");
            assert!(!format!("{secret:?}").contains("hunter2") && !secret.shown().contains("hunter2"));
            assert!(secret.expose().unwrap().contains("hunter2"));
            let read: Secret = serde_json::from_str(&written).unwrap();
            assert_eq!(read.expose(), None, "what a record never had cannot be used");
        }
    }

    #[test]
    fn two_secrets_are_told_apart_and_the_same_one_is_not() {
        let written = |value: &str| serde_json::to_string(&Secret::whole(value)).unwrap();
        assert_eq!(written("a"), written("a"));
        assert_ne!(written("a"), written("b"));
        assert_eq!(serde_json::to_string(&Secret::named("LANG", "C")).unwrap(), "\"C\"", "no secret, no mark");
    }
}

//! Certificates on this host: those that web servers name in their configuration, and those that certbot keeps.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use schemars::JsonSchema;
use serde::Serialize;

use crate::check::network::tls::probe as tls;
use crate::foreign::read;
use crate::text::clean_line;

/// Files of configuration that are read for certificates, at most.
const FILES: usize = 500;

/// A day, in seconds.
const DAY: i64 = 24 * 3600;

/// A certificate in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Certificate {
    /// Absolute path of the PEM file.
    pub file: PathBuf,
    /// How long it holds, or why that cannot be said.
    #[serde(flatten)]
    pub validity: Validity,
}

/// How long a certificate holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Days until it ends, negative once it has.
    DaysLeft(i64),
    /// It cannot be read, and why.
    Unreadable(String),
}

/// Certificates that web servers name in their configuration, and those that certbot keeps.
pub(super) fn find() -> Vec<Certificate> {
    let mut files = BTreeSet::new();
    let mut left = FILES;
    for folder in ["/etc/nginx", "/etc/apache2", "/etc/httpd", "/etc/haproxy"] {
        for text in texts(Path::new(folder), &mut left) {
            files.extend(named(&text, Path::new(folder)));
        }
    }
    for entry in fs::read_dir("/etc/letsencrypt/live").into_iter().flatten().flatten() {
        files.insert(entry.path().join("cert.pem"));
    }
    let now = jiff::Timestamp::now().as_second();
    let read = |file: PathBuf| {
        let seen = CertificateDer::from_pem_file(&file)
            .map_err(|error| clean_line(&error.to_string()).into_owned())
            .and_then(|der| tls::read(&der, "", now));
        let validity = match seen {
            Ok(seen) => Validity::DaysLeft(seen.left_s.div_euclid(DAY)),
            Err(why) => Validity::Unreadable(why),
        };
        Certificate { file, validity }
    };
    files.into_iter().filter(|file| file.is_file()).map(read).collect()
}

/// No configuration is larger, in bytes.
const SMALL: u64 = 256 * 1024;

/// All small files below a folder; links to folders are not followed.
fn texts(folder: &Path, left: &mut usize) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            found.extend(texts(&entry.path(), left));
        } else if *left > 0 && fs::metadata(entry.path()).is_ok_and(|file| file.is_file() && file.len() < SMALL) {
            *left -= 1;
            found.extend(read::small(&entry.path(), SMALL));
        }
    }
    found
}

/// The files that a configuration names as certificates; relative ones stand below its folder.
fn named(text: &str, folder: &Path) -> Vec<PathBuf> {
    let words = ["ssl_certificate", "SSLCertificateFile", "crt"];
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let mut parts = line.split_whitespace();
        let at = parts.clone().position(|part| words.contains(&part))?;
        parts.nth(at + 1).map(|file| folder.join(file.trim_end_matches(';').trim_matches('"')))
    };
    lines.filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_found_where_servers_name_them() {
        let text = "server {\n  listen 443 ssl;\n  ssl_certificate cert.pem;\n  ssl_certificate_key key.pem;\n  # ssl_certificate old.pem;\n}\n\
                    SSLCertificateFile /etc/ssl/web.pem\nbind :443 ssl crt /etc/haproxy/all.pem\n";
        let found = named(text, Path::new("/etc/nginx"));
        assert_eq!(found, ["/etc/nginx/cert.pem", "/etc/ssl/web.pem", "/etc/haproxy/all.pem"].map(PathBuf::from));
    }
}

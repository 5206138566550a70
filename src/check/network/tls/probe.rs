//! The certificate that a server presents. Its issuer is not verified: an expired or self-signed one is read too.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::table::TlsCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined, span};
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::{Cost, Prober};
use crate::playbook::Target;
use crate::text::clean_line;

/// The server whose certificate is read, and the name that it must be issued to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TlsSubject {
    /// Host and port.
    pub address: Arc<str>,
    /// The server name to request (SNI), which the certificate must be issued to.
    pub name: Arc<str>,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// What was read of a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSeen {
    /// Seconds until it ends; negative once it has.
    pub left_s: i64,
    /// Whether it is issued to the requested name.
    pub name_fits: bool,
    /// The names that it is issued to, the first few.
    pub names: Vec<String>,
}

/// How many names are kept.
const NAMES: usize = 5;

impl CheckProbe for TlsCheck {
    type Subject = TlsSubject;
    type Seen = TlsSeen;
    const COST: Cost = Cost::Request;

    /// The address that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<TlsSubject, String> {
        let address: Arc<str> = match (&self.address, target) {
            (Some(address), _) => address.as_str().into(),
            (None, Target::Address(address)) => address.clone(),
            (None, Target::Url(url)) => of_url(url)?,
            (None, _) => return Err("the check names no host and port, and its target is none".into()),
        };
        let (host, _) = address.rsplit_once(':').ok_or("the address names no port")?;
        let name = self.name.as_deref().unwrap_or(host.trim_matches(['[', ']'])).into();
        Ok(TlsSubject { address, name, timeout_ms: millis(self.timeout, Duration::from_secs(5)) })
    }

    /// Makes a TLS handshake, and closes the connection.
    async fn probe(subject: &TlsSubject, _: &Prober) -> Result<TlsSeen, String> {
        let limit = Duration::from_millis(subject.timeout_ms);
        let certificate = tokio::time::timeout(limit, shown(subject))
            .await
            .map_err(|_| format!("no certificate within {}", span(limit)))??;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        read(&certificate, &subject.name, i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
    }

    #[allow(clippy::cast_precision_loss, reason = "days need no exact second")]
    fn judge(&self, seen: &TlsSeen) -> Judgement {
        let mut parts = Conditions::default();
        if let Some(bound) = self.left {
            let left = Duration::from_secs(u64::try_from(seen.left_s).unwrap_or_default());
            let words = if seen.left_s > 0 {
                format!("{} left", span(left))
            } else {
                format!("ended {} ago", span(Duration::from_secs(seen.left_s.unsigned_abs())))
            };
            parts.met(bound.admits(left), words);
        }
        if let Some(wanted) = self.name_fits {
            let words =
                if seen.name_fits { "name fits".into() } else { format!("made out to {}", seen.names.join(", ")) };
            parts.met(wanted == seen.name_fits, words);
        }
        parts.figure(seen.left_s as f64 / 86_400.0);
        parts.judgement()
    }

    fn condition(&self) -> String {
        joined([
            self.left.map(|bound| format!("left {bound}")),
            self.name_fits.map(|fits| if fits { "name fits" } else { "name does not fit" }.into()),
        ])
    }

    /// Whether a change is too small to be recorded for backtests. Less than an hour of validity is too small.
    fn is_insignificant(now: &TlsSeen, then: &TlsSeen) -> bool {
        now.names == then.names && now.name_fits == then.name_fits && now.left_s.abs_diff(then.left_s) < 3600
    }
}

fn of_url(url: &str) -> Result<Arc<str>, String> {
    let url: reqwest::Url = url.parse().map_err(|_| format!("{url} is no address"))?;
    match (url.scheme(), url.host_str(), url.port_or_known_default()) {
        ("https", Some(host), Some(port)) => Ok(format!("{host}:{port}").into()),
        _ => Err(format!("{url} is not served with a certificate")),
    }
}

async fn shown(subject: &TlsSubject) -> Result<CertificateDer<'static>, String> {
    let said = |error: std::io::Error| clean_line(&error.to_string()).into_owned();
    let name = ServerName::try_from(subject.name.to_string()).map_err(|_| format!("{} is no name", subject.name))?;
    let stream = TcpStream::connect(&*subject.address).await.map_err(said)?;
    let stream = TlsConnector::from(config()?).connect(name, stream).await.map_err(said)?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    shown.map(|one| one.clone().into_owned()).ok_or_else(|| "the server showed no certificate".into())
}

/// Reads a certificate in DER; the remaining time counts from `now`, in seconds of Unix time.
///
/// # Errors
/// In words, where it is none.
pub fn read(der: &[u8], name: &str, now: i64) -> Result<TlsSeen, String> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|error| format!("the certificate cannot be read: {error}"))?;
    let others = certificate.subject_alternative_name().ok().flatten();
    let names: Vec<String> = others
        .iter()
        .flat_map(|names| &names.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(clean_line(name).to_ascii_lowercase()),
            GeneralName::IPAddress(bytes) => ip(bytes),
            _ => None,
        })
        .collect();
    Ok(TlsSeen {
        left_s: certificate.validity().not_after.timestamp().saturating_sub(now),
        name_fits: names.iter().any(|one| fits(one, &name.to_ascii_lowercase())),
        names: names.into_iter().take(NAMES).collect(),
    })
}

fn ip(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string())).ok()
}

/// A star stands for exactly the first label.
fn fits(pattern: &str, name: &str) -> bool {
    let name = name.trim_end_matches('.');
    match (pattern.strip_prefix("*."), name.split_once('.')) {
        (Some(rest), Some((first, behind))) => !first.is_empty() && rest.contains('.') && rest == behind,
        _ => pattern == name,
    }
}

fn config() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    let made = CONFIG.get_or_init(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let schemes = provider.signature_verification_algorithms.supported_schemes();
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let any = Arc::new(AnyCertificate(schemes));
        Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(any).with_no_client_auth()))
    });
    made.clone().map_err(|why| format!("no handshake can be made: {why}"))
}

/// Accepts any certificate: it is only read, and nothing is ever sent over the connection.
#[derive(Debug)]
struct AnyCertificate(Vec<SignatureScheme>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use rustls::ServerConfig;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::core::Verdict;
    use crate::host::Clock;

    /// Serves one handshake with a certificate for these names.
    async fn serve(names: &[&str]) -> String {
        let made = rcgen::generate_simple_self_signed(names.iter().map(ToString::to_string).collect::<Vec<_>>());
        let made = made.unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = TlsAcceptor::from(Arc::new(config.clone())).accept(stream).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn a_served_certificate_is_read() {
        let address = serve(&["www.example.org", "*.apps.example.org"]).await;
        let prober = Prober::new(Clock::starting());
        let asking = |name: &str| TlsCheck {
            address: Some(address.clone()),
            name: Some(name.into()),
            left: Some("> 30d".parse().unwrap()),
            name_fits: Some(true),
            ..TlsCheck::default()
        };
        for (name, fits) in [("www.example.org", true), ("a.apps.example.org", true), ("a.b.apps.example.org", false)] {
            let check = asking(name);
            let seen = TlsCheck::probe(&check.subject(&Target::Host).unwrap(), &prober).await.unwrap();
            let judgement = check.judge(&seen);
            assert_eq!(judgement.verdict == Verdict::Holds, fits, "{name}: {}", judgement.seen);
        }
    }

    #[tokio::test]
    async fn no_certificate_is_unknown_not_expired() {
        let prober = Prober::new(Clock::starting());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let subject = TlsSubject { address: address.into(), name: "localhost".into(), timeout_ms: 200 };
        let silent = TlsCheck::probe(&subject, &prober).await;
        assert_eq!(silent, Err("no certificate within 200ms".into()));
        drop(listener);
        assert!(TlsCheck::probe(&subject, &prober).await.is_err());
    }

    #[test]
    fn what_has_ended_has_nothing_left() {
        let check = TlsCheck { left: Some("< 14d".parse().unwrap()), ..TlsCheck::default() };
        let at = |left_s| TlsSeen { left_s, name_fits: true, names: Vec::new() };
        assert_eq!(check.judge(&at(-3 * 86_400)).seen, "ended 3d ago");
        assert_eq!(check.judge(&at(-3 * 86_400)).verdict, Verdict::Holds);
        assert_eq!(check.judge(&at(13 * 86_400)).seen, "13d left");
        assert_eq!(check.judge(&at(15 * 86_400)).verdict, Verdict::DoesNotHold);
    }

    #[test]
    fn hostile_bytes_are_no_certificate() {
        for der in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", &[0x30; 4096], b"-----BEGIN CERTIFICATE-----"] {
            assert!(read(der, "x", 0).is_err());
        }
    }

    #[test]
    fn a_star_is_one_label_and_never_a_whole_country() {
        assert!(fits("*.example.org", "a.example.org") && fits("example.org", "example.org."));
        for (pattern, name) in [("*.org", "example.org"), ("*.example.org", "example.org"), ("*.e.org", ".e.org")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn an_address_comes_from_the_target() {
        let of = |target| TlsCheck::default().subject(&target).map(|one| one.address.to_string());
        assert_eq!(of(Target::Url("https://a.example/x".into())), Ok("a.example:443".into()));
        assert_eq!(of(Target::Address("a.example:8443".into())), Ok("a.example:8443".into()));
        assert!(of(Target::Url("http://a.example/".into())).is_err());
        assert!(of(Target::Host).is_err());
    }
}

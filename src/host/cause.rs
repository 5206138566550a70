//! Why a request came to nothing, in words that a person can act on.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::text::clean_line;

/// The innermost cause, which says most: `Connection refused (os error 111)`, `the certificate has expired`.
#[must_use]
pub fn of(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    loop {
        if let Some(words) = of_tls(cause) {
            return words;
        }
        match cause.source() {
            Some(inner) => cause = inner,
            None => return clean_line(&cause.to_string()).into_owned(),
        }
    }
}

/// What rustls says, where it is the cause; it may stand inside I/O errors.
fn of_tls(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(outer) = error.downcast_ref::<io::Error>() {
        return of_tls(outer.get_ref()?);
    }
    let tls = error.downcast_ref::<rustls::Error>()?;
    Some(match tls {
        rustls::Error::InvalidCertificate(why) => of_certificate(why),
        other => clean_line(&other.to_string()).into_owned(),
    })
}

/// What is wrong with a server's certificate.
fn of_certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired".into(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet; is a clock wrong?".into()
        }
        CertificateError::NotValidForName => "the certificate is made out to another name".into(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<String> = presented.iter().take(5).map(|name| clean_line(name).into_owned()).collect();
            format!("the certificate is made out to {}, not to {}", names.join(", "), expected.to_str())
        }
        CertificateError::UnknownIssuer => {
            "the certificate is self-signed or from an authority that this host does not trust".into()
        }
        CertificateError::Revoked => "the certificate was revoked".into(),
        // The verifier has no kind of its own for it: its own error says so by its name.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "the certificate is self-signed: an authority's own, used as a server's; this host does not trust it".into()
        }
        other => format!("the certificate is not accepted: {}", clean_line(&other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::ServerConfig;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// What a request says of a server with this certificate.
    async fn asked(certificate: rcgen::Certificate, key: &rcgen::KeyPair) -> String {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = TlsAcceptor::from(Arc::new(config.clone())).accept(stream).await;
            }
        });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        of(&client.get(url).send().await.unwrap_err())
    }

    #[tokio::test]
    async fn a_self_signed_certificate_is_called_so_whichever_kind_it_is() {
        let key = rcgen::KeyPair::generate().unwrap();
        for is_ca in [rcgen::IsCa::NoCa, rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained)] {
            let mut wanted = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
            wanted.is_ca = is_ca;
            let said = asked(wanted.self_signed(&key).unwrap(), &key).await;
            assert!(said.contains("self-signed") && said.contains("does not trust"), "{said}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_in_words() {
        let said = |why| of(&io::Error::other(rustls::Error::InvalidCertificate(why)));
        assert_eq!(said(CertificateError::Expired), "the certificate has expired");
        let other = CertificateError::NotValidForNameContext {
            expected: rustls::pki_types::ServerName::try_from("a.example").unwrap(),
            presented: vec!["b.example".into(), "c.example".into()],
        };
        assert_eq!(said(other), "the certificate is made out to b.example, c.example, not to a.example");
        assert_eq!(of(&io::Error::other("plain")), "plain");
    }
}

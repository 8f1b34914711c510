//! Whom encrypted channels trust: the authorities of a file, else those that Mozilla trusts, compiled in.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use ureq::tls::{Certificate, RootCerts};

use crate::online::tls;

/// Why nothing can be encrypted.
pub(crate) const NO_ENCRYPTION: &str = "this processor lacks instructions that the encryption is written in";

/// The certificates of a file; `None` where none is set.
pub(super) fn authorities(file: &Path) -> Result<Option<Vec<CertificateDer<'static>>>, String> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let failed = |error: &dyn std::fmt::Display| format!("ca_file: {}: {error}", file.display());
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))?.collect();
    let found = found.map_err(|error| failed(&error))?;
    if found.is_empty() {
        return Err(failed(&"expected a certificate (PEM)"));
    }
    Ok(Some(found))
}

/// For ureq.
pub(crate) fn roots(file: &Path) -> Result<RootCerts, String> {
    let Some(found) = authorities(file)? else { return Ok(RootCerts::WebPki) };
    let certificates: Vec<Certificate<'static>> =
        found.iter().map(|der| Certificate::from_der(der.as_ref()).to_owned()).collect();
    Ok(RootCerts::new_with_certs(&certificates))
}

/// For a connection of our own.
pub(super) fn config(file: &Path) -> Result<Arc<ClientConfig>, String> {
    let provider = tls::provider().ok_or(NO_ENCRYPTION)?;
    let mut store = RootCertStore::empty();
    match authorities(file)? {
        Some(found) => {
            for der in found {
                store.add(der).map_err(|error| format!("ca_file: {}: {error}", file.display()))?;
            }
        }
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let builder =
        ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(Arc::new(builder.with_root_certificates(store).with_no_client_auth()))
}

//! What encrypts: rustls with graviola, which needs no C compiler to build, and the roots that Mozilla trusts, compiled in.
//! Graviola runs on x86-64 and AArch64 with the instructions it is written in; elsewhere nothing is asked over HTTPS, and
//! the answer says so.

use std::sync::Arc;

use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// The configuration, where this processor can.
pub(crate) fn config() -> Option<TlsConfig> {
    config_with(RootCerts::WebPki)
}

/// The same with other roots, which only tests have.
pub(crate) fn config_with(roots: RootCerts) -> Option<TlsConfig> {
    let provider = provider()?;
    let builder = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(roots);
    Some(builder.unversioned_rustls_crypto_provider(Arc::new(provider)).build())
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn provider() -> Option<rustls::crypto::CryptoProvider> {
    let can = is_x86_feature_detected!("aes")
        && is_x86_feature_detected!("ssse3")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("avx")
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("adx")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2");
    can.then(rustls_graviola::default_provider)
}

#[cfg(target_arch = "aarch64")]
pub(crate) fn provider() -> Option<rustls::crypto::CryptoProvider> {
    use std::arch::is_aarch64_feature_detected as has;
    let can = has!("neon") && has!("aes") && has!("pmull") && has!("sha2");
    can.then(rustls_graviola::default_provider)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn provider() -> Option<rustls::crypto::CryptoProvider> {
    None
}

//! The server's certificate: one of the user's, or one that Wireglobe signs itself at its first start and keeps. Browsers
//! warn of the latter, once; its SHA-256 fingerprint, told at each start, shows that it is the right one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::digest::Digest;
use crate::online::tls;

/// What a server shows, ready for use.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, as browsers show it: `AB:CD:…`.
    pub(crate) fingerprint: String,
}

/// Where certificate (with its chain) and key are, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Files {
    /// Reads them; they have to fit each other.
    ///
    /// # Errors
    /// A text that names the file, and what was expected.
    pub(crate) fn load(&self) -> Result<Identity, String> {
        let provider = tls::provider().ok_or(
            "this processor lacks instructions that the encryption is written in: let a proxy encrypt, and set \
             server.tls = \"proxy\"",
        )?;
        let (chain, key) = (self.chain()?, self.key()?);
        let digest = Digest::of(&chain[0]);
        let failed = |error: rustls::Error| {
            format!("{} and {}: {error}", self.certificate.display(), self.key.display())
        };
        let builder = ServerConfig::builder_with_provider(Arc::new(provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(failed)?;
        let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(failed)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let pairs: Vec<String> = digest.0.iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(Identity { config: Arc::new(config), fingerprint: pairs.join(":") })
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", self.certificate.display());
        let found = CertificateDer::pem_file_iter(&self.certificate).map_err(|error| failed(&error))?;
        let chain: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| failed(&error))?;
        if chain.is_empty() { Err(failed(&"expected a certificate (PEM)")) } else { Ok(chain) }
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", self.key.display());
        let mode = fs::metadata(&self.key).map_err(|error| failed(&error))?.permissions().mode() & 0o777;
        if mode & 0o007 != 0 {
            let error =
                format!("expected a key that not everybody can read (chmod 600), found mode {mode:o}");
            return Err(failed(&error));
        }
        PrivateKeyDer::from_pem_file(&self.key).map_err(|error| failed(&error))
    }
}

/// How the files of a certificate of its own are called: certificate and key.
pub(crate) const NAMES: [&str; 2] = ["certificate.pem", "certificate.key"];

/// The certificate that this server signed itself, in `folder`; made for these names and addresses if there is none.
///
/// # Errors
/// What the system said, or that this processor can't.
pub(crate) fn own(folder: &Path, names: Vec<String>) -> Result<Files, String> {
    let [certificate, key] = NAMES.map(|name| folder.join(name));
    let files = Files { certificate, key };
    if !files.certificate.exists() || !files.key.exists() {
        let (certificate, key) = signing::signed(names)?;
        let written = super::accounts::write_private(&files.key, key.as_bytes())
            .and_then(|()| super::accounts::write_private(&files.certificate, certificate.as_bytes()));
        written.map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(files)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod signing {
    //! A key by graviola, a certificate by rcgen, which has none of its own here.

    use graviola::hashing::Sha256;
    use graviola::signing::ecdsa::{P256, SigningKey};
    use jiff::ToSpan;
    use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, PublicKeyData};

    use crate::access::digest;
    use crate::online::tls;

    /// What Apple's systems accept at most is 825 days, but who trusts a fingerprint does not look at the date.
    const YEARS: i64 = 10;

    /// Room for a key of P-256 in PKCS #8 (138 bytes) and in SubjectPublicKeyInfo (91 bytes, its last 65 the point).
    const ROOM: usize = 256;
    const POINT: usize = 65;

    struct Key {
        key: SigningKey<P256>,
        point: Vec<u8>,
    }

    impl PublicKeyData for Key {
        fn der_bytes(&self) -> &[u8] {
            &self.point
        }

        fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
            &rcgen::PKCS_ECDSA_P256_SHA256
        }
    }

    impl rcgen::SigningKey for Key {
        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
            let mut room = [0; ROOM];
            let signed = self.key.sign_asn1::<Sha256>(&[message], &mut room);
            signed.map(<[u8]>::to_vec).map_err(|_| rcgen::Error::RemoteKeyError)
        }
    }

    /// Certificate and key, PEM.
    pub(super) fn signed(names: Vec<String>) -> Result<(String, String), String> {
        if tls::provider().is_none() {
            return Err("this processor lacks instructions that the encryption is written in".to_owned());
        }
        let failed = |error: graviola::Error| format!("no key could be made: {error:?}");
        let (mut public, mut private) = ([0; ROOM], [0; ROOM]);
        let key = SigningKey::<P256>::generate().map_err(failed)?;
        let spki = key.to_spki_der(&mut public).map_err(failed)?;
        let point = spki[spki.len().saturating_sub(POINT)..].to_vec();
        let private = text("PRIVATE KEY", key.to_pkcs8_der(&mut private).map_err(failed)?);
        let certificate = params(names)
            .and_then(|params| params.self_signed(&Key { key, point }).map_err(|error| error.to_string()))
            .map_err(|error| format!("no certificate could be made: {error}"))?;
        Ok((text("CERTIFICATE", certificate.der()), private))
    }

    fn text(label: &str, der: &[u8]) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new(label, der), config)
    }

    fn params(names: Vec<String>) -> Result<CertificateParams, String> {
        let mut params = CertificateParams::new(names).map_err(|error| error.to_string())?;
        let mut serial = [0; 16];
        digest::fill(&mut serial)?;
        // Positive, as RFC 5280 §4.1.2.2 wants it.
        serial[0] &= 0x7f;
        params.serial_number = Some(serial.to_vec().into());
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let (from, to) = (now.checked_sub(1.day()), now.checked_add(YEARS.years()));
        let day = |at: Result<jiff::Zoned, jiff::Error>| {
            let at = at.map_err(|error| error.to_string())?;
            Ok::<_, String>(rcgen::date_time_ymd(at.year().into(), at.month() as u8, at.day() as u8))
        };
        (params.not_before, params.not_after) = (day(from)?, day(to)?);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Wireglobe");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Ok(params)
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod signing {
    pub(super) fn signed(_: Vec<String>) -> Result<(String, String), String> {
        Err("this processor lacks instructions that the encryption is written in".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("wireglobe-certificate-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_certificate_of_our_own_is_made_once_and_kept_for_its_owner() {
        if tls::provider().is_none() {
            println!("skipped: needs a processor that our TLS runs on");
            return;
        }
        let folder = folder("own");
        let names = || vec!["192.0.2.1".to_owned(), "wireglobe.example".to_owned()];
        let first = own(&folder, names()).unwrap().load().unwrap();
        let files = own(&folder, names()).unwrap();
        assert_eq!(files.load().unwrap().fingerprint, first.fingerprint);
        assert_eq!(first.fingerprint.len(), 32 * 3 - 1);
        assert_eq!(fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(files.load().unwrap_err().contains("chmod 600"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn files_that_do_not_fit_are_named() {
        if tls::provider().is_none() {
            return;
        }
        let (one, two) = (folder("one"), folder("two"));
        let [first, second] = [&one, &two].map(|folder| own(folder, vec!["localhost".into()]).unwrap());
        let mixed = Files { certificate: first.certificate.clone(), key: second.key.clone() };
        assert!(mixed.load().unwrap_err().contains("certificate.pem"));
        fs::write(&second.certificate, "nothing\n").unwrap();
        assert!(second.load().unwrap_err().contains("expected a certificate"));
        let missing = Files { certificate: one.join("none.pem"), key: first.key };
        assert!(missing.load().unwrap_err().contains("none.pem"));
        for folder in [one, two] {
            fs::remove_dir_all(folder).unwrap();
        }
    }
}

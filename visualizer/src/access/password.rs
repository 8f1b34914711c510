//! Passwords: argon2id with the parameters that OWASP's password storage cheat sheet names (19 MiB, 2 passes, 1 lane:
//! the crate's defaults), checked in the same time whether the user exists or not.

use std::sync::OnceLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use super::digest;

/// Characters of a password (NIST SP 800-63B: at least 8), and bytes.
const SHORTEST: usize = 8;
const LONGEST: usize = 1024;

/// The hash to be kept, as a PHC string.
///
/// # Errors
/// What a password is, or that the system has no chance to give.
pub(crate) fn hashed(password: &str) -> Result<String, String> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(format!("a password has at least {SHORTEST} characters, and at most {LONGEST} bytes"));
    }
    let mut salt = [0; 16];
    digest::fill(&mut salt)?;
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| format!("the password can't be hashed: {error}"))?;
    Ok(hash.to_string())
}

/// Whether a password is the one of this hash. Where there is no hash as much is done, and the answer is no.
pub(crate) fn fits(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let nobody = || NOBODY.get_or_init(|| hashed("nobody has this").unwrap_or_default()).as_str();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or_else(nobody)) else { return false };
    let fits =
        password.len() <= LONGEST && Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    fits && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let hash = hashed("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(fits("correct horse", Some(&hash)));
        assert!(!fits("correct horsf", Some(&hash)) && !fits("", Some(&hash)));
        assert!(!fits("nobody has this", None), "who does not exist has no password");
        assert!(!fits("correct horse", Some("not a hash")));
        assert_ne!(hash, hashed("correct horse").unwrap(), "each hash has its own salt");
    }

    #[test]
    fn a_password_is_neither_short_nor_endless() {
        assert!(hashed("1234567").is_err() && hashed(&"x".repeat(1025)).is_err());
        assert!(hashed("üüüüüüüü").is_ok());
    }
}

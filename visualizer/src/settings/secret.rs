//! What nobody may read in logs, documents or errors: passwords, tokens, addresses that are keys. A setting holds the secret itself,
//! or says where it is: `env:VARIABLE` or `file:PATH`.

use std::fmt;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

/// Bytes read of a file.
const LONGEST: u64 = 64 * 1024;

/// A secret, or where it is.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "none" } else { "hidden" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.is_empty() { "" } else { "hidden" })
    }
}

impl Secret {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, unless it says where the secret is.
    pub(crate) fn inline(&self) -> Option<&str> {
        let elsewhere = self.0.starts_with("env:") || self.0.starts_with("file:");
        (!elsewhere).then_some(&*self.0)
    }

    /// The file that it is in, if it is in one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.0.strip_prefix("file:").map(Path::new)
    }

    /// The secret.
    ///
    /// # Errors
    /// When it is not where the setting says, or when others may read the file.
    pub(crate) fn resolve(&self) -> Result<String, String> {
        if let Some(variable) = self.0.strip_prefix("env:") {
            let set = std::env::var(variable).ok().filter(|text| !text.is_empty());
            return set.ok_or_else(|| format!("expected the variable {variable} in the environment"));
        }
        match self.0.strip_prefix("file:") {
            Some(path) => read(path).map_err(|error| format!("{path}: {error}")),
            None => Ok(self.0.clone()),
        }
    }
}

/// The first line of a file that only its owner can read.
///
/// # Errors
/// When others may read it, or it has none.
pub(crate) fn read(path: impl AsRef<Path>) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(format!(
            "expected a file that only its owner can read (chmod 600), found mode {:o}",
            mode & 0o777
        ));
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let line = text.lines().next().unwrap_or_default().trim().to_owned();
    if line.is_empty() { Err("expected a secret in its first line".to_owned()) } else { Ok(line) }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn a_secret_shows_itself_in_no_text() {
        let secret = Secret("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "hidden");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"hidden\"");
        assert_eq!(secret.resolve().unwrap(), "hunter2");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let path = std::env::temp_dir().join(format!("wireglobe-secret-{}", std::process::id()));
        fs::write(&path, "hunter2\n").unwrap();
        let secret = Secret(format!("file:{}", path.display()));
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let error = secret.resolve().unwrap_err();
        assert!(error.contains("chmod 600") && error.contains("644"), "{error}");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(secret.resolve().unwrap(), "hunter2");
        fs::write(&path, "\n").unwrap();
        assert!(secret.resolve().is_err());
        fs::remove_file(&path).unwrap();
        assert!(secret.resolve().unwrap_err().contains("wireglobe-secret"));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = Secret("env:WIREGLOBE_TEST_NOT_SET".to_owned()).resolve().unwrap_err();
        assert!(error.contains("WIREGLOBE_TEST_NOT_SET"), "{error}");
    }
}

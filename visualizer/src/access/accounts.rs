//! Users and tokens: a file that `wireglobe user` and `wireglobe token` write and the server reads, again whenever it
//! changes. It holds hashes only, and only its owner may read it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::digest::Digest;

/// Users and tokens in one file.
const MOST: usize = 1000;

/// Bytes of a file of so many.
const LARGEST: u64 = 1 << 20;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// See everything, change nothing
    Viewer,
    /// Judge alerts, mute, test channels, reload databases, steer replays, too
    Operator,
}

impl Role {
    /// As documents and files name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The hash, as a PHC string (argon2id).
    pub(crate) password: String,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Of the token; it has 256 bits of chance, so that a slow hash would add nothing.
    pub(crate) sha256: Digest,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Accounts {
    #[serde(rename = "user", skip_serializing_if = "Vec::is_empty")]
    pub(crate) users: Vec<User>,
    #[serde(rename = "token", skip_serializing_if = "Vec::is_empty")]
    pub(crate) tokens: Vec<Token>,
}

impl Accounts {
    /// The file's; none if there is no file.
    ///
    /// # Errors
    /// A text that names the file, and what was expected.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let facts = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            facts => facts.map_err(|error| wrong(&error))?,
        };
        let mode = facts.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(wrong(&format!(
                "expected a file that only its owner can read (chmod 600), found mode {mode:o}"
            )));
        }
        if facts.len() > LARGEST {
            return Err(wrong(&"expected at most 1 MiB of users and tokens"));
        }
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        // The reader's own words show the line, which may hold a hash.
        let accounts: Self = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.get(..at).unwrap_or_default().matches('\n').count();
            let newer =
                if error.message().contains("unknown ") { "; written by a newer Wireglobe?" } else { "" };
            wrong(&format!("line {line}: {}{newer}", error.message()))
        })?;
        accounts.check().map_err(|error| wrong(&error))?;
        Ok(accounts)
    }

    /// Writes the file anew, whole or not at all.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        let head = "# Users and tokens of Wireglobe: hashes only. `wireglobe user` and `wireglobe token` write this file.\n\n";
        write_private(path, format!("{head}{text}").as_bytes())
    }

    fn check(&self) -> Result<(), String> {
        let names: Vec<&str> = self.names().collect();
        if names.len() > MOST {
            return Err(format!("expected at most {MOST} users and tokens"));
        }
        for (position, name) in names.iter().enumerate() {
            is_name(name)?;
            if names[..position].contains(name) {
                return Err(format!("{name} is there twice"));
            }
        }
        Ok(())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.users.iter().map(|user| &*user.name).chain(self.tokens.iter().map(|token| &*token.name))
    }

    /// Whether nobody could come in.
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.tokens.is_empty()
    }

    /// Whether a user or token has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The one with this digest. All are compared, each in the same time.
    pub(crate) fn token(&self, digest: &Digest) -> Option<&Token> {
        let mut found = None;
        for token in &self.tokens {
            if token.sha256.0.ct_eq(&digest.0).into() {
                found = Some(token);
            }
        }
        found
    }
}

/// Whether a user or token may be called so.
///
/// # Errors
/// What a name is.
pub(crate) fn is_name(name: &str) -> Result<(), String> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._@".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(letter) {
        return Ok(());
    }
    Err(format!("{name:?} is no name: expected 1 to 64 letters, digits, or -._@"))
}

/// Writes a file that only its owner can read, in one step; its folder is made.
///
/// # Errors
/// What the system said.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        if let Ok(before) = fs::metadata(path) {
            // A server that was started as root, and is no longer, goes on reading what root changes. Others can't, and need not, change owners.
            let _ = fchown(&file, Some(before.uid()), Some(before.gid()));
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| {
        // What was begun is of no use; that it stays is less than the error told.
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Accounts {
        let user =
            |name: &str| User { name: name.into(), role: Role::Viewer, password: "$argon2id$v=19$x".into() };
        let token = Token { name: "grafana".into(), role: Role::Operator, sha256: Digest::of(b"secret") };
        Accounts { users: vec![user("anna"), user("bo@example.org")], tokens: vec![token] }
    }

    fn folder(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("wireglobe-accounts-{name}-{}", std::process::id()))
    }

    #[test]
    fn what_is_written_is_read_again_and_only_by_its_owner() {
        let path = folder("round").join("users.toml");
        assert!(Accounts::read(&path).unwrap().is_empty());
        some().write(&path).unwrap();
        assert_eq!(Accounts::read(&path).unwrap(), some());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Accounts::read(&path).unwrap_err();
        assert!(error.contains("chmod 600") && error.contains("640"), "{error}");
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_broken_file_is_told_by_its_line_and_without_what_it_hides() {
        let path = folder("broken").join("users.toml");
        for (text, expected) in [
            ("[[user]]\nname = \"anna\"\nrole = \"king\"\npassword = \"$argon2id$hidden\"\n", "line 3"),
            ("[[user]]\nname = \"a b\"\nrole = \"viewer\"\npassword = \"hidden\"\n", "is no name"),
            ("[[token]]\nname = \"x\"\nrole = \"viewer\"\nsha256 = \"hidden\"\n", "line 4"),
        ] {
            write_private(&path, text.as_bytes()).unwrap();
            let error = Accounts::read(&path).unwrap_err();
            assert!(error.contains(expected) && !error.contains("hidden"), "{error}");
        }
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_token_is_found_by_its_digest_alone() {
        let accounts = some();
        assert_eq!(accounts.token(&Digest::of(b"secret")).unwrap().name, "grafana");
        assert!(accounts.token(&Digest::of(b"secre")).is_none());
        assert!(accounts.has("grafana") && accounts.has("anna") && !accounts.has("carl"));
    }
}

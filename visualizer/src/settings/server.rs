//! `[server]`: where the dashboard listens, who may use it, who encrypts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::SettingsError;
use crate::access::Lasting;
use crate::access::certificate::Files;

/// The file with users and tokens where none is named.
const USERS: &str = "users.toml";

/// The dashboard and its API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port. Loopback addresses ask nobody to log in; at others somebody must be able to.
    pub listen: SocketAddr,
    /// The address under which people reach it, for links in messages; empty: the listening one.
    pub public_url: String,
    /// Host names under which browsers may reach it, besides the address itself and `localhost`.
    pub allowed_hosts: Vec<String>,
    /// Who has to log in.
    pub login: Login,
    /// The file with users and tokens; empty: `users.toml` beside the alerts, in the user's data folder.
    pub users: PathBuf,
    /// Hours after which a session ends that nobody used. Range 1 to 8760.
    pub session_idle_hours: u32,
    /// Hours after which a session ends in any case. Range 1 to 8760.
    pub session_hours: u32,
    /// Who encrypts.
    pub tls: Encryption,
    /// The certificate with its chain (PEM); empty: one that Wireglobe signs itself, kept beside the users.
    pub certificate: PathBuf,
    /// Its key (PEM), which not everybody may read.
    pub key: PathBuf,
    /// Connections in all. Range 1 to 65 535.
    pub max_connections: usize,
    /// Connections from one address. Range 1 to 65 535.
    pub max_connections_per_address: usize,
}

/// Who has to log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Login {
    /// Everybody, unless the listening address is a loopback address.
    #[default]
    Auto,
    /// Everybody.
    Always,
}

/// Who encrypts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Wireglobe, unless the listening address is a loopback address and no certificate is named.
    #[default]
    Auto,
    /// Wireglobe.
    Always,
    /// A proxy before it: Wireglobe itself speaks plain HTTP.
    Proxy,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8470)),
            public_url: String::new(),
            allowed_hosts: Vec::new(),
            login: Login::Auto,
            users: PathBuf::new(),
            session_idle_hours: 12,
            session_hours: 168,
            tls: Encryption::Auto,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            max_connections: 256,
            max_connections_per_address: 16,
        }
    }
}

impl Server {
    /// Whether people and programs have to show who they are.
    pub fn needs_login(&self) -> bool {
        self.login == Login::Always || !self.listen.ip().is_loopback()
    }

    /// Whether Wireglobe itself encrypts.
    pub fn encrypts(&self) -> bool {
        match self.tls {
            Encryption::Proxy => false,
            Encryption::Always => true,
            Encryption::Auto => !self.listen.ip().is_loopback() || !self.certificate.as_os_str().is_empty(),
        }
    }

    /// The file with users and tokens.
    pub(crate) fn users_file(&self) -> PathBuf {
        if self.users.as_os_str().is_empty() {
            return crate::geo_files::folder_of(Path::new(""), "").join(USERS);
        }
        self.users.clone()
    }

    /// Certificate and key that the settings name.
    pub(crate) fn certificate_files(&self) -> Option<Files> {
        (!self.certificate.as_os_str().is_empty())
            .then(|| Files { certificate: self.certificate.clone(), key: self.key.clone() })
    }

    /// How long sessions last.
    pub(crate) fn lasting(&self) -> Lasting {
        let hours = |hours: u32| Duration::from_secs(u64::from(hours) * 3600);
        Lasting { idle: hours(self.session_idle_hours), whole: hours(self.session_hours) }
    }

    /// What holds between several keys.
    pub(super) fn check(&self, origin: &dyn Fn(&str) -> String) -> Result<(), SettingsError> {
        let wrong = |key: &'static str, value: String, allowed: &'static str| {
            Err(SettingsError::Range { key, value, allowed, origin: origin(key) })
        };
        let missing = |key: &'static str, allowed: &'static str, asked_by: &str| {
            Err(SettingsError::Range { key, value: "\"\"".to_owned(), allowed, origin: origin(asked_by) })
        };
        let url = &self.public_url;
        if !(url.is_empty() || url.starts_with("https://") || url.starts_with("http://")) {
            return wrong(
                "server.public_url",
                url.clone(),
                "an address such as https://wireglobe.example.org",
            );
        }
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.display().to_string());
        match (certificate.is_empty(), key.is_empty()) {
            (false, true) => {
                missing("server.key", "the key of server.certificate (PEM)", "server.certificate")
            }
            (true, false) => {
                missing("server.certificate", "the certificate of server.key (PEM)", "server.key")
            }
            (false, false) if self.tls == Encryption::Proxy => wrong(
                "server.certificate",
                certificate,
                "nothing while server.tls is \"proxy\": the proxy has the certificate",
            ),
            _ => Ok(()),
        }
    }
}

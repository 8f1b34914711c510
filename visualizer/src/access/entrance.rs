//! How the dashboard is entered, as the settings say: who has to log in, who encrypts, under which names. What would leave it
//! open or nobody a way in is refused, with the setting to change.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use capturer::source::interfaces;

use super::certificate::{self, Files};
use super::{Access, Accounts};
use crate::notify::hostname;
use crate::server::{AllowedHosts, Tls};
use crate::settings::Server;
use crate::settings::server::Encryption;

/// All that stands between a connection and the routes.
pub(crate) struct Entrance {
    pub(crate) access: Arc<Access>,
    pub(crate) hosts: Arc<AllowedHosts>,
    pub(crate) tls: Option<Tls>,
    /// Whether browsers reach it encrypted.
    pub(crate) secure: bool,
}

impl Entrance {
    /// Of a server that listens on this address.
    ///
    /// # Errors
    /// A text that names the setting and what to do.
    pub(crate) fn new(settings: &Server, address: SocketAddr) -> Result<Self, String> {
        let access = access(settings)?;
        let tls = settings.encrypts().then(|| encryption(settings, address)).transpose()?;
        let mut names = settings.allowed_hosts.clone();
        names.extend(public_name(settings));
        if !address.ip().is_loopback() {
            names.push(hostname());
        }
        let hosts = AllowedHosts::new(address, &names);
        let hosts = if tls.is_some() { hosts.encrypted() } else { hosts };
        if !settings.encrypts() && !address.ip().is_loopback() {
            tracing::warn!(
                "server.tls = \"proxy\": passwords cross the network unencrypted unless a proxy encrypts them"
            );
        }
        let secure = tls.is_some() || settings.tls == Encryption::Proxy;
        Ok(Self { access: Arc::new(access), hosts: Arc::new(hosts), tls, secure })
    }

    /// The scheme of the dashboard's address.
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

fn access(settings: &Server) -> Result<Access, String> {
    if !settings.needs_login() {
        return Ok(Access::open());
    }
    let file = settings.users_file();
    let accounts = Accounts::read(&file).map_err(|error| format!("server.users: {error}"))?;
    if accounts.is_empty() {
        return Err(format!(
            "server.listen = {}: nobody could log in, as {} has no user; add one with `wireglobe user add NAME --role operator`, or \
             listen on 127.0.0.1 only",
            settings.listen,
            file.display()
        ));
    }
    Ok(Access::guarded(file, accounts, settings.lasting()))
}

fn encryption(settings: &Server, address: SocketAddr) -> Result<Tls, String> {
    let files = match settings.certificate_files() {
        Some(files) => files,
        None => own(settings, address)?,
    };
    Tls::new(files).map_err(|error| format!("server.certificate: {error}"))
}

fn own(settings: &Server, address: SocketAddr) -> Result<Files, String> {
    let users = settings.users_file();
    let folder = users.parent().unwrap_or(Path::new("."));
    certificate::own(folder, names(settings, address)).map_err(|error| {
        format!("a certificate of its own could not be made ({error}); name one with server.certificate and server.key")
    })
}

/// What the certificate is for: the addresses that are listened on, and the names that the settings have.
fn names(settings: &Server, address: SocketAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), hostname()];
    let host = |name: &String| name.rsplit_once(':').map_or(name.as_str(), |(host, _)| host).to_owned();
    names.extend(settings.allowed_hosts.iter().map(host));
    names.extend(public_name(settings).iter().map(host));
    if address.ip().is_unspecified() {
        let all = interfaces::list().into_iter().flat_map(|interface| interface.addresses);
        names.extend(all.map(|(address, _)| address.to_string()));
    } else {
        names.push(address.ip().to_string());
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The host, and the port if there is one, of `server.public_url`.
fn public_name(settings: &Server) -> Option<String> {
    let (_, rest) = settings.public_url.split_once("://")?;
    rest.split('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

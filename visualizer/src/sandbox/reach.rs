//! What a running Wireglobe has to reach: the files, folders and ports that its settings name, and nothing else.

use std::path::{Path, PathBuf};

use axum::http::Uri;
use capturer::source::paths;

use super::root::is_broad;
use crate::alerts;
use crate::geo_files::{self, folder_of};
use crate::settings::{Kind, Settings, notify};

/// What each process looks at: itself, the clock's zone, chance.
const ALWAYS: [&str; 7] = [
    "/proc/self",
    "/proc/sys/kernel/hostname",
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/etc/services",
    "/dev/urandom",
    "/dev/null",
];

/// The interfaces' state, to find one that comes back.
const OF_INTERFACES: [&str; 2] = ["/sys/class/net", "/sys/devices"];

/// How names become addresses: resolv.conf may be replaced at any time, and lead elsewhere.
const OF_NAMES: [&str; 5] =
    ["/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/usr/share/libc-bin"];

/// Ports of DNS (over TCP, for long answers) and of HTTPS.
const DNS: u16 = 53;
const HTTPS: u16 = 443;

/// What may be reached after the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Files and folders to be read.
    pub(crate) read: Vec<PathBuf>,
    /// Folders, with all in them, to be written.
    pub(crate) write: Vec<PathBuf>,
    /// TCP ports of others.
    pub(crate) connect: Vec<u16>,
}

impl Reach {
    /// As the settings say; `file` is where they came from, `kind` what is watched.
    pub(crate) fn of(settings: &Settings, file: Option<&Path>, kind: &str) -> Self {
        let mut reach = Self { write: kept(settings, kind), ..Self::default() };
        reach.read.extend(ALWAYS.map(PathBuf::from));
        // The names of functions, for crash reports.
        reach.read.extend(std::env::current_exe());
        if settings.source.kind == Kind::Interface {
            reach.read.extend(OF_INTERFACES.map(PathBuf::from));
        }
        if settings.source.kind == Kind::Files {
            reach.read.extend(captures(settings));
        }
        let server = &settings.server;
        let named = [
            file,
            Some(&*settings.devices.list),
            Some(&*settings.fingerprints.p0f_db),
            Some(&*server.users_file()),
            Some(&*server.certificate),
            Some(&*server.key),
        ];
        reach.read.extend(named.into_iter().flatten().filter_map(around));
        reach.read.extend(settings.geo.databases.iter().filter_map(|path| around(path)));
        let geo = geo_files::folder(settings);
        // One that is made later is read as well, if its own folder is there.
        reach.read.extend(if geo.exists() { Some(geo) } else { around(&geo) });
        reach.outwards(settings);
        reach
    }

    /// Ports, and what names are resolved with; nothing while nobody is to be asked or told.
    fn outwards(&mut self, settings: &Settings) {
        for channel in &settings.notify {
            self.connect.extend(port(channel));
            self.read.extend(secrets(channel));
        }
        let from = &settings.geo.update_from;
        match from.parse::<Uri>().ok().filter(|uri| uri.host().is_some()) {
            Some(uri) => self.connect.extend([port_of(&uri), HTTPS]),
            None => self.read.extend(around(Path::new(from))),
        }
        if settings.geo.check_updates {
            self.connect.push(HTTPS);
        }
        let syslog = settings.notify.iter().any(|channel| channel.syslog.is_some());
        if !self.connect.is_empty() || syslog {
            self.connect.push(DNS);
            self.read.extend(OF_NAMES.map(PathBuf::from));
        }
        self.connect.sort_unstable();
        self.connect.dedup();
    }

    /// Whether all that the other reaches is reached by this one, too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let within =
            |path: &PathBuf, folders: &[PathBuf]| folders.iter().any(|folder| path.starts_with(folder));
        let read = |path: &PathBuf| within(path, &self.read) || within(path, &self.write);
        other.read.iter().all(read)
            && other.write.iter().all(|path| within(path, &self.write))
            && other.connect.iter().all(|port| self.connect.contains(port))
    }

    /// Whether anybody is asked or told by name.
    pub(crate) fn asks_names(&self) -> bool {
        self.connect.contains(&DNS)
    }
}

/// Files that are read after the start: captures, which a replay goes through again, and what databases are loaded from.
pub(crate) fn needed(settings: &Settings) -> Vec<PathBuf> {
    let mut needed = Vec::new();
    if settings.source.kind == Kind::Files {
        let named = &settings.source.read;
        needed.extend(paths::expand(named).unwrap_or_else(|_| named.clone()));
    }
    needed.extend(settings.geo.databases.iter().cloned());
    let named = [&settings.devices.list, &settings.fingerprints.p0f_db];
    needed.extend(named.into_iter().filter(|path| !path.as_os_str().is_empty()).cloned());
    needed
}

/// Folders that are written while it runs.
pub(crate) fn kept(settings: &Settings, kind: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let alerts::Place::File(file) = alerts::place(settings, kind == "demo") {
        folders.extend(file.parent().map(Path::to_path_buf));
    }
    if settings.history.keep && kind != "demo" {
        // Graphs are kept of replays, too.
        folders.push(folder_of(&settings.history.folder, ""));
    }
    if !settings.flows.write_to.as_os_str().is_empty() {
        folders.push(settings.flows.write_to.clone());
    }
    if !settings.geo.update_from.is_empty() {
        folders.push(geo_files::folder(settings));
    }
    let files = settings.notify.iter().filter_map(|channel| channel.file.as_ref()?.path.parent());
    folders.extend(files.map(here));
    if !settings.log.file.as_os_str().is_empty() {
        folders.extend(settings.log.file.parent().map(here));
    }
    folders.dedup();
    folders
}

/// Captures, or their folders where files take each other's place.
fn captures(settings: &Settings) -> Vec<PathBuf> {
    let source = &settings.source;
    let named = source.read.iter().filter(|path| **path != Path::new("-"));
    named
        .filter_map(|path| if source.follow && !path.is_dir() { around(path) } else { Some(path.clone()) })
        .collect()
}

/// The folder of a file, so that one which takes its place by renaming is found; the file alone in a folder that holds more.
/// Nothing for an empty path.
fn around(file: &Path) -> Option<PathBuf> {
    if file.as_os_str().is_empty() {
        return None;
    }
    let folder = here(file.parent()?);
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.clone());
    Some(if is_broad(&whole) { file.to_path_buf() } else { folder })
}

/// The folder that an empty path means.
fn here(folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_path_buf() }
}

/// Where a channel connects to.
fn port(channel: &notify::Notify) -> Option<u16> {
    if let Some(webhook) = &channel.webhook {
        // One that can't be resolved is told of when channels start.
        let url = webhook.url.resolve().ok()?;
        return url.parse::<Uri>().ok().map(|uri| port_of(&uri));
    }
    if let Some(mail) = &channel.mail {
        return Some(mail.port());
    }
    let syslog = channel.syslog.as_ref()?;
    syslog.target().filter(|_| syslog.transport != notify::Transport::Udp).map(|(_, port)| port)
}

fn port_of(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { HTTPS })
}

/// Files that a channel's secrets and authorities are in.
fn secrets(channel: &notify::Notify) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if let Some(webhook) = &channel.webhook {
        files.extend([webhook.url.file(), webhook.authorization.file(), Some(&*webhook.ca_file)]);
    }
    if let Some(mail) = &channel.mail {
        files.extend([mail.password.file(), Some(&*mail.ca_file)]);
    }
    if let Some(syslog) = &channel.syslog {
        files.push(Some(&*syslog.ca_file));
    }
    files.into_iter().flatten().filter_map(around).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, kind: &str) -> Reach {
        Reach::of(&toml::from_str(text).unwrap(), None, kind)
    }

    #[test]
    fn nothing_is_written_and_nobody_asked_unless_settings_say_so() {
        let reach = of("", "demo");
        assert_eq!((&*reach.write, &*reach.connect), (&[][..], &[][..]));
        assert!(!reach.read.iter().any(|path| path == Path::new("/etc")), "{reach:?}");
        assert!(!reach.asks_names());
    }

    #[test]
    fn what_settings_name_is_reached() {
        let reach = of(
            r#"
            [source]
            kind = "files"
            read = ["/captures/a.pcap", "-"]
            [alerts]
            folder = "/kept/alerts"
            [history]
            keep = false
            [geo]
            databases = ["/srv/geo/asn.mmdb", "/etc/own.mmdb"]
            [flows]
            write_to = "/kept/flows"
            [[notify]]
            name = "hook"
            webhook = { url = "http://192.0.2.1:8080/x", authorization = "file:/secrets/token" }
            [[notify]]
            name = "mail"
            mail = { server = "mail.example.org" }
            [[notify]]
            name = "log"
            syslog = { server = "logs.example.org", transport = "tls" }
            [[notify]]
            name = "eve"
            file = { path = "/var/log/own/eve.json" }
            "#,
            "file",
        );
        assert_eq!(reach.connect, [53, 587, 6514, 8080]);
        let paths =
            |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(paths(&reach.write), ["/kept/alerts", "/kept/flows", "/var/log/own"]);
        let read = paths(&reach.read);
        for path in ["/captures/a.pcap", "/srv/geo", "/etc/own.mmdb", "/secrets/token", "/etc"] {
            assert!(read.iter().any(|read| read == path), "{path}: {read:?}");
        }
        assert!(!read.iter().any(|read| read == "-" || read == "/"), "{read:?}");
    }

    #[test]
    fn updates_are_written_and_their_port_is_reached() {
        let reach =
            of("[geo]\nfolder = \"/geo\"\nupdate_from = \"https://data.example.org:8443/a.mmdb\"", "demo");
        assert_eq!(reach.connect, [53, 443, 8443]);
        assert_eq!(reach.write, [PathBuf::from("/geo")]);
    }
}

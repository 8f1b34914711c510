//! Settings: defaults, then a file, then the environment, then flags; each later layer wins key by key.
//!
//! An error names the key, the value, what is allowed and the layer that set it. Unknown keys are errors.

use std::path::{Path, PathBuf};

use analyzer::detect::RuleError;
use analyzer::geo::Override;
use analyzer::{Home, Network};
use capturer::decode::{Counted, DecodeSettings};
use capturer::source::live;
use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::{Deserialize, Serialize};

use crate::cli::escape;

mod alerts;
pub(crate) mod changes;
mod detect;
mod fingerprints;
mod flows;
mod history;
mod log;
pub(crate) mod notify;
#[cfg(test)]
mod property_tests;
mod ranges;
pub(crate) mod secret;
pub(crate) mod server;
#[cfg(test)]
mod upgrade_tests;

pub use alerts::Alerts;
pub use detect::Detect;
pub use fingerprints::Fingerprints;
pub use flows::{ExportForm, FileForm, FlowExports};
pub use history::History;
pub use log::{Log, LogFormat};
pub use notify::Notify;
pub use server::Server;

/// Where settings are looked for when no file is named.
pub const PLACES: [&str; 2] = ["settings.toml", "/etc/wireglobe/settings.toml"];

/// The settings file as it is shipped: every key with its meaning, unit, range and default.
pub const SHIPPED: &str = include_str!("../../settings.toml");

const PREFIX: &str = "WIREGLOBE";

/// All settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where packets come from.
    pub source: Source,
    /// The collector of flow exports.
    pub flows: FlowExports,
    /// How frames are read.
    pub decode: Decode,
    /// Which addresses are ours.
    pub network: LocalNetwork,
    /// Where we are on the map.
    pub home: Vec<Home>,
    /// Databases that take the place of the bundled ones.
    pub geo: GeoFiles,
    /// Names of devices.
    pub devices: DeviceList,
    /// Who may be asked about addresses.
    pub online: Online,
    /// The recent past that is kept.
    pub ring: Ring,
    /// The analysis.
    pub analysis: Analysis,
    /// The past that the page can go back to.
    pub history: History,
    /// Detectors.
    pub detect: Detect,
    /// Passive fingerprints.
    pub fingerprints: Fingerprints,
    /// Where alerts are kept.
    pub alerts: Alerts,
    /// Who is told of alerts and faults.
    pub notify: Vec<Notify>,
    /// The dashboard and its API.
    pub server: Server,
    /// `/metrics`.
    pub metrics: Metrics,
    /// Logs.
    pub log: Log,
}

/// Where packets come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// Which of the four.
    pub kind: Kind,
    /// The interface to watch, when `kind` is `interface`.
    pub interface: String,
    /// Capture files or directories to replay, when `kind` is `files`; `-` is standard input.
    pub read: Vec<PathBuf>,
    /// How many times as fast as recorded; 0 is as fast as it goes. Range 0 to 10 000.
    pub speed: f64,
    /// Whether a replay begins again at its end.
    pub r#loop: bool,
    /// Whether the interface hands over frames for others, too.
    pub promiscuous: bool,
    /// Whether an interface that was lost is opened again when it comes back. Without it CAP_NET_RAW is dropped once the interface is open.
    pub reopen: bool,
    /// Receive buffer of the capture socket in mebibytes. Range 1 to 1024.
    pub receive_buffer_mb: u32,
    /// How the interface is read; where that can't be had, the next slower method is used and shown.
    pub method: Method,
    /// Bytes taken of each frame from the interface; 0 is whole frames. Range 0 to 262 144.
    pub snap_length: u32,
    /// What is let in at all, in tcpdump's language and ours; empty lets everything in.
    pub filter: String,
    /// Whether the files are still being written: at their end more is waited for.
    pub follow: bool,
}

/// How an interface is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// From memory shared with the kernel (`TPACKET_V3`).
    #[default]
    Ring,
    /// By system calls for many frames at once (recvmmsg(2)).
    Packet,
    /// By `pnet_datalink`, the portable way.
    Pnet,
}

impl Method {
    /// As the source takes it.
    pub const fn method(self) -> live::Method {
        match self {
            Self::Ring => live::Method::Ring,
            Self::Packet => live::Method::Packet,
            Self::Pnet => live::Method::Pnet,
        }
    }
}

impl Source {
    /// Bytes of a frame, as the source takes them.
    pub const fn snap_length(&self) -> u32 {
        if self.snap_length == 0 { live::WHOLE_FRAMES } else { self.snap_length }
    }
}

/// What kind of source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The bundled, invented capture.
    #[default]
    Demo,
    /// A network interface.
    Interface,
    /// Capture files.
    Files,
    /// Nothing but flow exports.
    None,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            kind: Kind::Demo,
            interface: String::new(),
            read: Vec::new(),
            speed: 1.0,
            r#loop: true,
            promiscuous: true,
            reopen: true,
            receive_buffer_mb: 64,
            method: Method::Ring,
            snap_length: 0,
            filter: String::new(),
            follow: false,
        }
    }
}

/// How frames are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decode {
    /// Which IP header counts where there are several: those of the tunnel's ends, or those of the ends that talk
    /// through it.
    pub count: Layer,
    /// Whether checksums are verified, of packets that were captured whole.
    pub checksums: bool,
}

/// Which IP header of a frame counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The first.
    #[default]
    Outermost,
    /// The last that can be read.
    Innermost,
}

impl Layer {
    /// The name in settings and documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outermost => "outermost",
            Self::Innermost => "innermost",
        }
    }
}

impl Decode {
    /// As the decoder takes them.
    pub const fn settings(self) -> DecodeSettings {
        let count = match self.count {
            Layer::Outermost => Counted::Outermost,
            Layer::Innermost => Counted::Innermost,
        };
        DecodeSettings { count, checksums: self.checksums }
    }
}

/// Which addresses are ours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocalNetwork {
    /// The local networks; empty: the interface's own, or guessed from the capture's traffic.
    pub local: Vec<Network>,
}

/// Databases that take the place of the bundled ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GeoFiles {
    /// Databases by path: `.mmdb` with countries, cities or AS numbers; routing tables (pyasn `.dat`, MRT RIB dumps);
    /// ranges (CSV, TSV); names of systems (`asnames.json`); `.gz` and `.bz2` of them. What a file is, its content tells;
    /// each takes the place of what it holds.
    pub databases: Vec<PathBuf>,
    /// Whether cities are known, for points on the map: 32 MB of memory, read in the background.
    pub city: bool,
    /// Where `geo update` stores databases that are then used by default; empty: `$XDG_DATA_HOME/wireglobe/geo`, or
    /// `/var/lib/wireglobe/geo` for root.
    pub folder: PathBuf,
    /// The file or address that `geo update` without `--from`, and SIGUSR1, take; empty: none.
    pub update_from: String,
    /// Whether a running server asks once a day if newer data or a newer Wireglobe exists. It fetches nothing.
    pub check_updates: bool,
    /// What the user knows better of some networks. At most 4096.
    pub r#override: Vec<Override>,
}

impl Default for GeoFiles {
    fn default() -> Self {
        Self {
            databases: Vec::new(),
            city: true,
            folder: PathBuf::new(),
            update_from: String::new(),
            check_updates: false,
            r#override: Vec::new(),
        }
    }
}

/// Names of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceList {
    /// A file with a hardware address and a name a line, `AA:BB:CC:DD:EE:FF name`; empty for none.
    pub list: PathBuf,
}

/// Who may be asked about addresses when `--online` names nobody. Nobody is asked without it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Online {
    /// Name servers, for the name of an address.
    pub reverse_dns: bool,
    /// The registries, for who holds it.
    pub rdap: bool,
    /// RIPEstat, for its announced prefix.
    pub ripestat: bool,
    /// RIPE IPmap, for its measured place.
    pub ipmap: bool,
    /// The name server: an address, or an address with a port; empty: those of /etc/resolv.conf.
    pub resolver: String,
    /// The folder where answers are kept; empty: `wireglobe` in the user's cache folder.
    pub cache: PathBuf,
}

/// The recent past that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ring {
    /// Packets. Range 1024 to 16 777 216.
    pub packets: usize,
    /// Bytes kept of each frame. Range 64 to 65 535.
    pub keep_bytes: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Self { packets: 65_536, keep_bytes: 256 }
    }
}

/// The analysis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Analysis {
    /// Mebibytes that hosts with their looks, flows, totals and sessions may occupy together; of a server the ring, too. Range 16 to 65 536.
    pub memory_mb: usize,
}

impl Default for Analysis {
    fn default() -> Self {
        Self { memory_mb: 128 }
    }
}

/// `/metrics`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Systems and prefixes that get series of their own (`asncounter_asn_total`, `asncounter_prefix_total`), so many of
    /// each; 0 for none. Range 0 to 1000.
    pub top: usize,
}

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("settings file {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A layer is not what the schema demands.
    #[error("settings: {}", escape(.0))]
    Schema(String),
    /// A value is out of its range.
    #[error("settings: {key} = {} is not allowed: {allowed} (set by {origin})", escape(value))]
    Range {
        /// The key, dotted.
        key: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        allowed: &'static str,
        /// The layer that set it.
        origin: String,
    },
    /// A channel of `[[notify]]` can't be so.
    #[error("settings: notify \"{}\", {key}: {allowed} (set by {origin})", escape(name))]
    Notify {
        /// The channel.
        name: String,
        /// The key within it.
        key: &'static str,
        /// What is allowed; never what was given, which may be a secret.
        allowed: String,
        /// The layer that set it.
        origin: String,
    },
    /// A rule or a number of it can't be.
    #[error("settings: detect: {} (set by {origin})", escape(&error.to_string()))]
    Rule {
        /// What is wrong.
        error: RuleError,
        /// The layer that set it.
        origin: String,
    },
}

/// The file in use and the settings it gave.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file they came from, if one was found.
    pub file: Option<PathBuf>,
}

/// Reads all layers but the flags: `named`, else the first of [`PLACES`] that exists, then the environment.
///
/// # Errors
/// [`SettingsError`] for a file that cannot be read, an unknown key, or a value that is not allowed.
pub fn load(named: Option<&Path>) -> Result<Loaded, SettingsError> {
    let file = named
        .map(Path::to_path_buf)
        .or_else(|| PLACES.iter().map(PathBuf::from).find(|place| place.is_file()));
    let text = file.as_ref().map(|path| read(path)).transpose()?;
    let settings = layers(text.as_deref().zip(file.as_deref()), environment())?;
    settings.check(&|key| origin(key, text.as_deref().zip(file.as_deref())))?;
    Ok(Loaded { settings, file })
}

/// Reads one file alone, for `settings check`.
///
/// # Errors
/// As [`load`].
pub fn check(path: &Path) -> Result<Settings, SettingsError> {
    let text = read(path)?;
    let nothing = Environment::with_prefix("WIREGLOBE_NO_SUCH_PREFIX");
    let settings = layers(Some((&text, path)), nothing)?;
    settings.check(&|key| origin(key, Some((&text, path))))?;
    Ok(settings)
}

fn read(path: &Path) -> Result<String, SettingsError> {
    let bytes =
        std::fs::read(path).map_err(|cause| SettingsError::Unreadable { path: path.to_path_buf(), cause })?;
    String::from_utf8(bytes).map_err(|error| {
        let (valid, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        let line = bytes[..valid].split(|byte| *byte == b'\n').count();
        SettingsError::Schema(format!("{}: line {line}: expected UTF-8 text", path.display()))
    })
}

fn environment() -> Environment {
    Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("source.read")
        .with_list_parse_key("flows.exporters")
        .with_list_parse_key("network.local")
        .with_list_parse_key("geo.databases")
        .with_list_parse_key("detect.off")
        .with_list_parse_key("detect.allow")
        .with_list_parse_key("server.allowed_hosts")
}

fn layers(file: Option<(&str, &Path)>, environment: Environment) -> Result<Settings, SettingsError> {
    if let Some((text, path)) = file {
        // toml's own errors show line and column; those of the merged layers only name the key.
        // A table has signed numbers only, as the merged layers have.
        let read = toml::from_str::<toml::Table>(text).and_then(|_| toml::from_str::<Settings>(text));
        read.map_err(|error| {
            SettingsError::Schema(format!(
                "{}: {}",
                path.display(),
                one_line(&without_values(&error.to_string()))
            ))
        })?;
    }
    let mut builder = Config::builder();
    if let Some((text, _)) = file {
        builder = builder.add_source(File::from_str(text, FileFormat::Toml));
    }
    let schema = |error: ConfigError| SettingsError::Schema(named(&error, file));
    builder.add_source(environment).build().map_err(schema)?.try_deserialize().map_err(schema)
}

/// An error of the merged layers, with who set the key that it names.
fn named(error: &ConfigError, file: Option<(&str, &Path)>) -> String {
    let text = one_line(&error.to_string());
    match error {
        ConfigError::Type { key: Some(key), .. } | ConfigError::At { key: Some(key), .. } => {
            format!("{text} (set by {})", origin(key, file))
        }
        _ => text,
    }
}

/// An error of the TOML reader without what stands behind the equals sign of the line that it shows: it may be a secret.
fn without_values(text: &str) -> String {
    let shown = |line: &str| match line.split_once(" | ") {
        Some((number, content)) if number.trim().parse::<u32>().is_ok() => {
            format!("{number} | {}", content.split_once('=').map_or("", |(key, _)| key))
        }
        _ => line.to_owned(),
    };
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Which layer set a key: the environment if the variable exists, else the file if it names the key, else a flag.
fn origin(key: &str, file: Option<(&str, &Path)>) -> String {
    let variable = format!("{PREFIX}__{}", key.to_uppercase().replace('.', "__"));
    if std::env::var_os(&variable).is_some() {
        return format!("the environment, {variable}");
    }
    let within = [("geo.override ", "network"), ("notify ", "name"), ("detect ", "")]
        .into_iter()
        .find_map(|(table, leaf)| Some((leaf, key.strip_prefix(table)?)));
    if let (Some((leaf, value)), Some((text, path))) = (within, file) {
        let named = |line: &str| line.trim_start().starts_with(leaf) && line.contains(value);
        let line = text.lines().position(named).map_or(String::new(), |line| format!(", line {}", line + 1));
        return format!("{}{line}", path.display());
    }
    if let Some((text, path)) = file
        && let Some(line) = line_of(key, text)
    {
        return format!("{}, line {line}", path.display());
    }
    "a flag or a default".to_owned()
}

/// The line of a file that sets a key: by its own name in its table, or a table as a whole.
fn line_of(key: &str, text: &str) -> Option<usize> {
    let mut table = "";
    for (number, line) in text.lines().map(str::trim_start).enumerate() {
        let sets = if let Some(header) = line.strip_prefix('[') {
            table = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
            table == key
        } else {
            let name = line.split_once('=').map(|(name, _)| name.trim());
            let within = key.strip_prefix(table).map(|rest| rest.trim_start_matches('.'));
            let rest = name.zip(within).and_then(|(name, within)| within.strip_prefix(name));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if sets {
            return Some(number + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn file(text: &str) -> Result<Settings, String> {
        let nothing = Environment::with_prefix("WIREGLOBE_NO_SUCH_PREFIX");
        let path = Path::new("test.toml");
        let settings = layers(Some((text, path)), nothing).map_err(|error| error.to_string())?;
        settings.check(&|key| origin(key, Some((text, path)))).map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[test]
    fn the_shipped_file_says_the_defaults() {
        assert_eq!(file(SHIPPED), Ok(Settings::default()));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = file("[source]\nkind = \"demo\"\ninterfase = \"eth0\"\n").unwrap_err();
        assert!(error.contains("line 3") && error.contains("interfase"), "{error}");
    }

    #[test]
    fn a_value_out_of_range_names_key_value_range_and_layer() {
        let error = file("[ring]\npackets = 3\n").unwrap_err();
        assert_eq!(
            error,
            "settings: ring.packets = 3 is not allowed: 1024 to 16777216 (set by test.toml, line 2)"
        );
    }

    #[test]
    fn a_certificate_needs_its_key_and_somebody_who_uses_it() {
        let named = "certificate = \"c.pem\"\nkey = \"c.key\"\n";
        for (text, expected) in [
            ("certificate = \"c.pem\"\n".to_owned(), "server.key"),
            ("key = \"c.key\"\n".to_owned(), "server.certificate"),
            (format!("tls = \"proxy\"\n{named}"), "server.certificate"),
        ] {
            let error = file(&format!("[server]\n{text}")).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(file(&format!("[server]\n{named}")).unwrap().server.encrypts());
    }

    #[test]
    fn a_date_is_no_map_and_is_named_with_its_line() {
        let error = file("[log]\ntargets = 1979-05-27T07:32:00Z\n").unwrap_err();
        assert!(error.contains("log.targets") && error.contains("test.toml, line 2"), "{error}");
    }

    #[test]
    fn a_wrong_override_is_named_with_its_line() {
        let table = |lines: &str| {
            format!("[[geo.override]]\nnetwork = \"192.0.2.0/24\"\nasn = 64496\n[[geo.override]]\n{lines}")
        };
        for (lines, expected) in [
            ("network = \"192.0.2.0/33\"\nasn = 1\n", "line 5"),
            (
                "network = \"10.0.0.0/8\"\ncountry = \"Holland\"\n",
                "expected a country of two letters such as NL",
            ),
            ("network = \"10.0.0.0/8\"\nasm = 1\n", "asm"),
            (
                "network = \"10.0.0.0/8\"\n",
                "geo.override = 10.0.0.0/8 is not allowed: a network with a country, asn, name or note (set by test.toml, line 5)",
            ),
            ("network = \"10.0.0.0/8\"\nasn = 0\n", "asn 0"),
            ("network = \"192.0.2.0/24\"\nasn = 1\n", "each network once"),
            ("asn = 1\n", "network"),
        ] {
            let error = file(&table(lines)).unwrap_err();
            assert!(error.contains(expected), "{lines}: {error}");
        }
        let settings =
            file(&table("network = \"10.20.0.0/16\"\ncountry = \"fr\"\nname = \"Paris\"\n")).unwrap();
        assert_eq!(settings.geo.r#override.len(), 2);
    }
}

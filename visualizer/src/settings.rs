//! Settings: defaults, then a file, then the environment, then flags; each later layer wins key by key.
//!
//! An error names the key, the value, what is allowed and the layer that set it. Unknown keys are errors.

use std::path::PathBuf;

use analyzer::geo::Override;
use analyzer::{Home, Network};
use serde::{Deserialize, Serialize};

mod alerts;
pub(crate) mod changes;
mod detect;
mod error;
mod fingerprints;
mod flows;
mod history;
mod layers;
mod log;
pub(crate) mod notify;
#[cfg(test)]
mod property_tests;
mod ranges;
pub(crate) mod secret;
pub(crate) mod server;
mod source;
#[cfg(test)]
mod upgrade_tests;

pub use alerts::Alerts;
pub use detect::Detect;
pub use error::SettingsError;
pub use fingerprints::Fingerprints;
pub use flows::{ExportForm, FileForm, FlowExports};
pub use history::History;
pub use layers::{Loaded, check, load};
pub use log::{Log, LogFormat};
pub use notify::Notify;
pub use server::Server;
pub use source::{Decode, Kind, Layer, Method, Source};

/// Where settings are looked for when no file is named.
pub const PLACES: [&str; 2] = ["settings.toml", "/etc/wireglobe/settings.toml"];

/// The settings file as it is shipped: every key with its meaning, unit, range and default.
pub const SHIPPED: &str = include_str!("../../settings.toml");

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
    /// Whether cities are known, for points on the map.
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

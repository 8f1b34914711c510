//! `[flows]`: the collector of flow exports, and flows onwards.

use std::net::SocketAddr;
use std::path::PathBuf;

use analyzer::Network;
use capturer::flow::Form;
use serde::{Deserialize, Serialize};

/// The collector of flow exports, and flows onwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowExports {
    /// Address and UDP port where routers and probes are listened to, as `127.0.0.1:2303`; empty: nowhere.
    pub listen: String,
    /// Networks of those that are heard; empty: all.
    pub exporters: Vec<Network>,
    /// Address and port of a collector that flows seen here are sent to; empty: nowhere.
    pub export_to: String,
    /// In which form.
    pub export_as: ExportForm,
    /// The observation domain or source id of these exports.
    pub export_domain: u32,
    /// The folder of files of flows, one an hour; empty: none are written.
    pub write_to: PathBuf,
    /// What these files are.
    pub write_as: FileForm,
    /// A flow that goes on is told in parts of so many seconds. Range 10 to 86 400.
    pub active_seconds: u32,
    /// A flow without packets for so many seconds is over. Range 5 to 3600.
    pub idle_seconds: u32,
}

/// A form of exports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportForm {
    /// RFC 7011.
    #[default]
    Ipfix,
    /// RFC 3954.
    Netflow9,
}

impl ExportForm {
    /// As the writer takes it.
    pub const fn form(self) -> Form {
        match self {
            Self::Ipfix => Form::Ipfix,
            Self::Netflow9 => Form::Netflow9,
        }
    }
}

/// A form of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileForm {
    /// A JSON object a line.
    #[default]
    Jsonl,
    /// RFC 4180.
    Csv,
}

impl FileForm {
    /// How names of files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl Default for FlowExports {
    fn default() -> Self {
        Self {
            listen: String::new(),
            exporters: Vec::new(),
            export_to: String::new(),
            export_as: ExportForm::Ipfix,
            export_domain: 0,
            write_to: PathBuf::new(),
            write_as: FileForm::Jsonl,
            active_seconds: 300,
            idle_seconds: 120,
        }
    }
}

impl FlowExports {
    /// Where to listen, if anywhere.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }

    /// Where flows are sent, if anywhere.
    pub fn export_address(&self) -> Option<SocketAddr> {
        self.export_to.parse().ok()
    }

    /// Whether that address can be read.
    pub(super) fn exports_fit(&self) -> bool {
        self.export_to.is_empty() || self.export_address().is_some()
    }

    /// Whether the address can be read.
    pub(super) fn is_fit(&self) -> bool {
        self.listen.is_empty() || self.address().is_some()
    }
}

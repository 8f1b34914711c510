//! Where flow exports come from.

use std::sync::Arc;

use crate::cli::Failure;
use crate::live;
use crate::settings::Settings;

/// Where flow exports come from.
pub(super) enum Collecting {
    /// A collector that listens, to be given its thread.
    Socket(Arc<live::Exports>, std::net::UdpSocket),
    /// The captures of a replay.
    Carried(Arc<live::Exports>),
}

impl Collecting {
    pub(super) fn carried() -> Self {
        Self::Carried(Arc::new(live::Exports::carried()))
    }

    pub(super) const fn exports(&self) -> &Arc<live::Exports> {
        match self {
            Self::Socket(exports, _) | Self::Carried(exports) => exports,
        }
    }
}

/// Listens for flow exports, if the settings say so.
pub(super) fn exports(settings: &Settings) -> Result<Option<Collecting>, Failure> {
    let Some(listen) = settings.flows.address() else { return Ok(None) };
    let cannot = Failure::system(format!("cannot listen for flow exports on {listen}"));
    let (exports, socket) = live::Exports::bind(listen).map_err(cannot)?;
    if settings.flows.exporters.is_empty() && !listen.ip().is_loopback() {
        tracing::warn!("everybody who reaches {listen} is believed; name your exporters in flows.exporters");
    }
    if let Some(listen) = exports.listen {
        tracing::info!("listening for flow exports on {listen}");
    }
    Ok(Some(Collecting::Socket(exports, socket)))
}

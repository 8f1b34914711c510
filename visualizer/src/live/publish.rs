//! The publisher thread: it makes sheets of a tick's material and puts them into the hub, off the analysis thread.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{Builder, JoinHandle};

use analyzer::geo::Geo;
use capturer::Timestamp;

use crate::live::topics::{Material, alert_sheet};
use crate::live::{Hub, Status, TopicKey};

/// What the analysis thread hands over four times a second.
pub(crate) struct Tick {
    pub(crate) at: Timestamp,
    pub(crate) made: Vec<Made>,
    /// The databases that the material was made with.
    pub(crate) geo: Geo,
}

/// One topic's material.
pub(crate) struct Made {
    pub(crate) key: TopicKey,
    pub(crate) from: Option<Timestamp>,
    pub(crate) material: Material,
}

/// Starts the thread; it ends when the analysis thread does.
pub(crate) fn spawn(ticks: Receiver<Tick>, hub: Arc<Hub>, status: Arc<Status>) -> io::Result<JoinHandle<()>> {
    Builder::new().name("publish".into()).spawn(move || {
        for tick in ticks {
            let lost = status.ledger().lost();
            let sheets = tick.made.into_iter().map(|made| {
                let sheet = match made.material {
                    Material::Status => status.sheet(),
                    Material::Alerts(most) => {
                        let (alerts, total) = status.board.latest(most);
                        alert_sheet(&alerts, total)
                    }
                    material => material.sheet(&tick.geo, lost),
                };
                (made.key, made.from, sheet)
            });
            hub.publish(tick.at, sheets.collect());
        }
    })
}

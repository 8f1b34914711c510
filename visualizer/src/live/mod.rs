//! The running dashboard's inside: threads that capture and analyse, and the hub that turns ticks into messages.

mod analysis;
mod capture;
mod drops;
mod exports;
mod hearing;
mod history;
mod hub;
mod publish;
mod reload;
mod resettle;
mod sheet;
mod status;
mod tables;
mod topics;
mod watch;

pub(crate) use analysis::{
    Beginning, Command, Hosts, HostsAnswer, Learned, Report, Which, now, spawn as spawn_analysis,
};
pub(crate) use capture::{Capture, Carried, Feeder};
pub(crate) use exports::{ExportFigures, Exports, spawn as spawn_exports};
pub(crate) use history::{History, Told, spawn as spawn_history};
pub(crate) use hub::{Hub, SubscribeError, Subscription};
pub(crate) use publish::spawn as spawn_publisher;
pub(crate) use reload::{Renewal, Renewer, spawn as spawn_renewer};
pub(crate) use resettle::{Resettle, SettingsAccount};
pub(crate) use sheet::{Sheet, Versioned};
pub(crate) use status::{Figures, Prints, STATES, SourceFacts, Status, lock};
pub(crate) use topics::{SPAN, TIMELESS, TOPICS, TopicKey, dimensions};

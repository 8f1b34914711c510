//! The question as the API takes it; the answer is what the command prints.

use analyzer::Network;
use analyzer::geo::Geo;
use capturer::stream::PacketStream;
use clap::ValueEnum;
use serde::Deserialize;

use super::format::Format;
use super::heading::{self, Heading};
use super::list::{List, Order};
use super::{dry_run, expiry, limits, name, target};
use crate::live::Status;

/// `targets` is needed; the rest is as on the command line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    targets: String,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    aggregate: bool,
    #[serde(default)]
    expires: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    include_special: bool,
}

/// Hosts that a dry run names.
const SHOWN: usize = 100;

/// A list as text, and what kind of text.
pub(crate) struct Answer {
    /// The list.
    pub(crate) text: String,
    /// Its media type.
    pub(crate) media: &'static str,
}

impl Question {
    /// The list. `own` are the networks that are ours.
    ///
    /// # Errors
    /// Says what of the question can't be read, or that nothing is left to block.
    pub(crate) fn answer(&self, geo: &Geo, own: &[Network]) -> Result<Answer, String> {
        let format = self.format()?;
        let (list, heading) = self.list(geo, own)?;
        limits(format, heading.expires)?;
        let media = if format == Format::Json { "application/json" } else { "text/plain; charset=utf-8" };
        Ok(Answer { text: format.render(&list, &heading), media })
    }

    /// What the list would have hit among the packets that are still there, as a document.
    ///
    /// # Errors
    /// As for [`Self::answer`].
    pub(crate) fn dry_run(&self, stream: &PacketStream, status: &Status) -> Result<String, String> {
        let known = status.known();
        let (list, heading) = self.list(&known.geo, known.local.networks())?;
        Ok(dry_run::run_on_ring(&list, stream, status).json(&heading, SHOWN))
    }

    fn list(&self, geo: &Geo, own: &[Network]) -> Result<(List, Heading), String> {
        let targets = target::parse([self.targets.as_str()])?;
        if targets.is_empty() {
            return Err(format!("targets: expected {}", target::EXPECTED));
        }
        let heading = self.heading()?;
        let order = Order { targets, own: own.to_vec(), keep_special: self.include_special };
        let list = List::of(&order, geo).finish(self.aggregate);
        if list.networks.is_empty() && !list.left_out.is_empty() {
            return Err(format!("nothing is left to block: {}", heading::left_out(&list)));
        }
        let heading = heading.for_list(&list, geo);
        Ok((list, heading))
    }

    fn format(&self) -> Result<Format, String> {
        let Some(named) = &self.format else { return Ok(Format::Json) };
        Format::from_str(named, false).map_err(|_| {
            let all = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<String> = all.map(|value| value.get_name().to_owned()).collect();
            format!("format: expected one of {}", names.join(", "))
        })
    }

    fn heading(&self) -> Result<Heading, String> {
        let expires = self.expires.as_deref().map(expiry).transpose();
        let named = self.name.as_deref().map(name).transpose();
        Ok(Heading {
            made: jiff::Timestamp::now(),
            reason: self.reason.as_deref().and_then(heading::reason),
            expires: expires.map_err(|error| format!("expires: {error}"))?,
            sources: Vec::new(),
            name: named.map_err(|error| format!("name: {error}"))?.unwrap_or_else(|| super::NAME.to_owned()),
        })
    }
}

//! The question as the API takes it; the answer is what the command prints.

use analyzer::Network;
use analyzer::geo::Geo;
use clap::ValueEnum;
use serde::Deserialize;

use super::format::Format;
use super::heading::{self, Heading};
use super::list::{List, Order};
use super::{expiry, limits, name, target};

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
        let targets = target::parse([self.targets.as_str()])?;
        if targets.is_empty() {
            return Err(format!("targets: expected {}", target::EXPECTED));
        }
        let format = self.format()?;
        let heading = self.heading()?;
        limits(format, heading.expires)?;
        let order = Order { targets, own: own.to_vec(), keep_special: self.include_special };
        let list = List::of(&order, geo).finish(self.aggregate);
        if list.networks.is_empty() && !list.left_out.is_empty() {
            return Err(format!("nothing is left to block: {}", heading::left_out(&list)));
        }
        let heading = heading.for_list(&list, geo);
        let media = if format == Format::Json { "application/json" } else { "text/plain; charset=utf-8" };
        Ok(Answer { text: format.render(&list, &heading), media })
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

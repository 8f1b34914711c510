//! The parameters of a question, the same as options and in a URL.

use analyzer::flows::{Measure, Order, Per, Plan, Side};
use analyzer::query::Query;
use capturer::Timestamp;
use clap::Args;
use serde::Deserialize;

use super::include;
use crate::cli::Failure;

/// What is asked, as it is written. See [`Plan`] for what each means.
#[derive(Clone, Debug, Args, Deserialize)]
#[serde(default)]
pub(crate) struct Question {
    /// What to tell flows apart by: pr exp sa da sp dp nh nhb ra sas das nas pas in out sn4 sn6 dn4 dn6 as in FlowGraph, or
    /// country continent asn prefix place host pair domain service protocol port mac vlan os
    #[arg(long, value_name = "WHAT", default_value = "country")]
    pub(crate) by: String,
    /// The length of networks, with sn4, sn6, dn4 and dn6 [default: 24 of IPv4, 48 of IPv6]
    #[arg(long, value_name = "BITS")]
    pub(crate) prefix_length: Option<u8>,
    /// What is measured: bytes, packets, flows, bps, pps or bpp
    #[arg(long, value_name = "MEASURE", default_value = "bytes")]
    pub(crate) measure: String,
    /// What keys are ranked by [default: the measure]
    #[arg(long, value_name = "MEASURE")]
    pub(crate) sort: Option<String>,
    /// Which end of the ranking comes first: desc or asc
    #[arg(long, value_name = "ORDER", default_value = "desc")]
    pub(crate) order: String,
    /// How many keys; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,
    /// What they are the top of: the whole range, or each interval
    #[arg(long, value_name = "PER", default_value = "range")]
    pub(crate) per: String,
    /// How long intervals are: 10s, 5m, 1h [default: so that there are 300 at most]
    #[arg(long, value_name = "TIME")]
    pub(crate) interval: Option<String>,
    /// Only from this time on: RFC 3339, or -24h before the last
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,
    /// Only up to this time; its interval is the last one
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
    /// Only flows that match; tcpdump's language with country, asn …, and nfdump's words for what exporters tell
    #[arg(long, value_name = "EXPR", default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    /// Which ends count, with country, continent, asn, prefix, place, host, port and mac: source, destination or both
    #[arg(long, value_name = "SIDE", default_value = "both")]
    pub(crate) side: String,
    /// Tell the same span just before, too
    #[arg(long)]
    pub(crate) previous: bool,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            by: "country".to_owned(),
            prefix_length: None,
            measure: Measure::default().name().to_owned(),
            sort: None,
            order: Order::default().name().to_owned(),
            top: 10,
            per: Per::default().name().to_owned(),
            interval: None,
            from: None,
            to: None,
            filter: String::new(),
            side: Side::default().name().to_owned(),
            previous: false,
        }
    }
}

impl Question {
    /// The question with the text of the files that its filter includes.
    pub(super) fn with_files(&self) -> Result<Self, Failure> {
        let filter = include::expanded(&self.filter)
            .map_err(|error| Failure::Usage(format!("--filter: {error}")))?
            .into_owned();
        Ok(Self { filter, ..self.clone() })
    }

    /// What is asked, of data that ends at `last`; not checked yet.
    ///
    /// # Errors
    /// The text says which parameter is wrong and what was expected.
    pub(crate) fn plan(&self, last: impl FnOnce() -> Result<Timestamp, String>) -> Result<Plan, String> {
        let filter = match self.filter.trim() {
            "" => None,
            _ => Some(
                Query::parse_records(&self.filter)
                    .map_err(|error| format!("filter\n{}", error.render(&self.filter)))?,
            ),
        };
        let (from, to) = self.range(last)?;
        Ok(Plan {
            prefix_length: self.prefix_length,
            measure: word("measure", &self.measure, Measure::named, Measure::ALL)?,
            sort: self
                .sort
                .as_deref()
                .map(|sort| word("sort", sort, Measure::named, Measure::ALL))
                .transpose()?,
            order: word("order", &self.order, Order::named, Order::ALL)?,
            top: self.top,
            per: word("per", &self.per, Per::named, Per::ALL)?,
            interval: self.interval.as_deref().map(seconds).transpose()?,
            from,
            to,
            side: word("side", &self.side, Side::named, Side::ALL)?,
            filter,
            previous: self.previous,
            ..Plan::by(&self.by).map_err(|error| error.to_string())?
        })
    }

    /// The first and the last second that are asked.
    fn range(
        &self,
        last: impl FnOnce() -> Result<Timestamp, String>,
    ) -> Result<(Option<i64>, Option<i64>), String> {
        let is_relative = [&self.from, &self.to].into_iter().flatten().any(|text| text.starts_with('-'));
        let last = if is_relative { last()? } else { Timestamp::EPOCH };
        let bound =
            |name, text: &Option<String>| text.as_deref().map(|text| moment(name, text, last)).transpose();
        Ok((bound("from", &self.from)?, bound("to", &self.to)?))
    }

    /// As the query of a URL.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("by", self.by.clone()),
            ("measure", self.measure.clone()),
            ("order", self.order.clone()),
            ("top", self.top.to_string()),
            ("per", self.per.clone()),
            ("filter", self.filter.clone()),
            ("side", self.side.clone()),
            ("previous", self.previous.to_string()),
        ];
        let length = self.prefix_length.map(|length| length.to_string());
        let given = [
            ("prefix_length", length),
            ("sort", self.sort.clone()),
            ("interval", self.interval.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
        ];
        all.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        all
    }
}

fn word<T: Copy + std::fmt::Display>(
    name: &str,
    text: &str,
    named: impl FnOnce(&str) -> Option<T>,
    all: &[T],
) -> Result<T, String> {
    named(text).ok_or_else(|| {
        let known: Vec<String> = all.iter().map(ToString::to_string).collect();
        format!("{name} {text}: expected {}", known.join(", "))
    })
}

/// A number of seconds, or a time such as 5m.
pub(super) fn seconds(text: &str) -> Result<i64, String> {
    let plain = text.parse::<i64>().ok();
    let span = || text.parse::<jiff::SignedDuration>().ok().map(|span| span.as_secs());
    plain
        .or_else(span)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| format!("interval {text}: expected a time such as 10s, 5m or 1h"))
}

/// RFC 3339, or so long before the last.
fn moment(name: &str, text: &str, last: Timestamp) -> Result<i64, String> {
    let ago =
        |text: &str| text.parse::<jiff::SignedDuration>().ok().map(|ago| last.before(ago.unsigned_abs()));
    let found = match text.strip_prefix('-') {
        Some(text) => ago(text).map(Timestamp::as_seconds),
        None => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second),
    };
    found.ok_or_else(|| {
        format!(
            "{name} {text}: expected a time such as 2026-11-21T14:03:00Z, or -24h for a day before the last"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(question: &Question) -> Result<Plan, String> {
        question.plan(|| Ok(Timestamp::from_parts(100_000, 0)))
    }

    #[test]
    fn parameters_become_a_plan() {
        let question = Question {
            by: "sa".to_owned(),
            interval: Some("5m".to_owned()),
            from: Some("-1h".to_owned()),
            to: Some("1970-01-02T00:00:00Z".to_owned()),
            sort: Some("bpp".to_owned()),
            filter: "in if 3".to_owned(),
            ..Question::default()
        };
        let plan = plan(&question).unwrap();
        assert_eq!(
            (plan.by.id, plan.interval, plan.from, plan.to),
            ("sa", Some(300), Some(96_400), Some(86_400))
        );
        assert_eq!((plan.rank(), plan.measure), (Measure::Bpp, Measure::Bytes));
        assert_eq!(plan.filter.unwrap().to_string(), "inif 3");
    }

    #[test]
    fn what_is_wrong_is_named_with_what_was_expected() {
        let usual = Question::default;
        for (question, says) in [
            (Question { by: "colour".into(), ..usual() }, "by colour: expected one of pr, exp"),
            (Question { measure: "bits".into(), ..usual() }, "measure bits: expected bytes, packets, flows"),
            (Question { interval: Some("soon".into()), ..usual() }, "interval soon: expected a time such as"),
            (Question { from: Some("monday".into()), ..usual() }, "from monday: expected a time such as"),
            (Question { filter: "in if".into(), ..usual() }, "filter\n"),
        ] {
            let error = plan(&question).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
    }
}

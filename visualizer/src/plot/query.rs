//! A query document as a figure: what `wireglobe query` and the API answer, drawn in one of six charts. A gap in the data
//! stays a gap, what is below the listed keys is "Other" with its true sums, and the period before is a dashed line.

use serde::Deserialize;
use serde_json::Value;

use super::marks::{Mark, Rank, Ranks, Series, Shares};
use super::units::{Base, Unit};
use super::{Body, Figure, Ink, Panel, Plane, SERIES, Size, XAxis};

/// Names of charts as saved graphs have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Chart {
    /// Areas on top of each other
    #[default]
    Area,
    /// Bars on top of each other
    Bars,
    /// A line a key
    Lines,
    /// A dot a value
    Scatter,
    /// Shares of the whole range
    Pie,
    /// A bar a key, of the whole range
    Hbars,
}

/// A document that can't be drawn.
#[derive(Debug, thiserror::Error)]
#[error("not a query document: {0}")]
pub(crate) struct QueryError(#[from] serde_json::Error);

/// A moment, in seconds since the epoch.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Moment(f64);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| format!("{text:?} is no RFC 3339 time"))?;
        Ok(Self(moment.as_nanosecond() as f64 / 1e9))
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Measure {
    Bytes,
    Packets,
    Flows,
    Bps,
    Pps,
    Bpp,
}

#[derive(Deserialize)]
struct Document {
    by: String,
    measure: Measure,
    #[serde(default)]
    filter: String,
    interval: f64,
    /// Null where there is no data at all.
    from: Option<Moment>,
    to: Option<Moment>,
    at: Vec<Moment>,
    keys: Vec<Counts>,
    other: Option<Counts>,
    total: Counts,
    previous: Option<Previous>,
    #[serde(default)]
    notes: Vec<String>,
}

/// The same span just before.
#[derive(Deserialize)]
struct Previous {
    from: Moment,
    at: Vec<Moment>,
    keys: Vec<Counts>,
    total: Counts,
}

/// What a key, the rest or all of it carried, by interval and together.
#[derive(Clone, Default, Deserialize)]
struct Counts {
    #[serde(default)]
    key: String,
    name: Option<String>,
    #[serde(default)]
    keys: u64,
    bytes: Vec<Option<f64>>,
    packets: Vec<Option<f64>>,
    flows: Vec<Option<f64>>,
    totals: Totals,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Totals {
    bytes: f64,
    packets: f64,
    flows: f64,
    /// Over the time of which there is data.
    bps: Option<f64>,
    pps: Option<f64>,
}

impl Measure {
    const fn unit(self) -> Unit {
        match self {
            Self::Bytes => Unit::Bytes(Base::Si),
            Self::Packets => Unit::Packets,
            Self::Flows => Unit::Flows,
            Self::Bps => Unit::BitRate,
            Self::Pps => Unit::PacketRate,
            Self::Bpp => Unit::BytesPerPacket,
        }
    }

    /// Within `seconds`.
    fn of(self, counts: Totals, seconds: f64) -> f64 {
        let Totals { bytes, packets, flows, bps, pps } = counts;
        match self {
            Self::Bytes => bytes,
            Self::Packets => packets,
            Self::Flows => flows,
            Self::Bps => bps.unwrap_or(bytes * 8.0 / seconds.max(1e-9)),
            Self::Pps => pps.unwrap_or(packets / seconds.max(1e-9)),
            Self::Bpp if packets > 0.0 => bytes / packets,
            Self::Bpp => 0.0,
        }
    }
}

impl Counts {
    /// What was measured in an interval; nothing in a gap.
    fn value(&self, place: usize, measure: Measure, seconds: f64) -> Option<f64> {
        let of = |values: &[Option<f64>]| values.get(place).copied().flatten();
        let flows = of(&self.flows);
        let (bytes, packets, flows) = (of(&self.bytes)?, of(&self.packets)?, flows.unwrap_or(0.0));
        let totals = Totals { bytes, packets, flows, ..Totals::default() };
        Some(measure.of(totals, seconds))
    }

    fn title(&self) -> String {
        match &self.name {
            Some(name) if *name != self.key => format!("{} {name}", self.key),
            _ => self.key.clone(),
        }
    }

    /// Both together.
    fn and(mut self, further: &Self) -> Self {
        let add = |all: &mut Vec<Option<f64>>, more: &[Option<f64>]| {
            all.resize(all.len().max(more.len()), None);
            for (sum, value) in all.iter_mut().zip(more) {
                *sum = match (*sum, *value) {
                    (None, value) => value,
                    (sum, value) => sum.map(|sum| sum + value.unwrap_or(0.0)),
                };
            }
        };
        add(&mut self.bytes, &further.bytes);
        add(&mut self.packets, &further.packets);
        add(&mut self.flows, &further.flows);
        self.totals.bytes += further.totals.bytes;
        self.totals.packets += further.totals.packets;
        self.totals.flows += further.totals.flows;
        // All of them are over the same time.
        let sum = |a: Option<f64>, b: Option<f64>| a.map_or(b, |a| Some(a + b.unwrap_or(0.0)));
        self.totals.bps = sum(self.totals.bps, further.totals.bps);
        self.totals.pps = sum(self.totals.pps, further.totals.pps);
        self.keys += further.keys.max(1);
        self
    }
}

/// The figure of a document; with `percent` in shares of the total of each interval, or of the range.
pub(crate) fn query_figure(document: &Value, chart: Chart, percent: bool) -> Result<Figure, QueryError> {
    let mut document = Document::deserialize(document)?;
    let most = if chart == Chart::Hbars { usize::MAX } else { SERIES };
    document.fold(most);
    let percent = percent && !matches!(document.measure, Measure::Bpp);
    let body = match chart {
        _ if document.keys.is_empty() => Body::Nothing("No traffic in this range.".to_owned()),
        Chart::Pie => document.pie(),
        Chart::Hbars => document.ranking(percent),
        Chart::Area => document.plane(Mark::Stack, percent),
        Chart::Bars => document.plane(Mark::Bars(document.interval), percent),
        Chart::Lines => document.plane(Mark::Lines, percent),
        Chart::Scatter => document.plane(Mark::Scatter, percent),
    };
    let title = format!("{} by {}", document.measure.unit().words(), document.by);
    let about = (!document.filter.is_empty()).then(|| format!("Filter: {}", document.filter));
    let panel = Panel { title: String::new(), body, notes: document.notes };
    Ok(Figure { title, about: about.into_iter().collect(), panels: vec![panel], size: Size::default() })
}

impl Document {
    /// Keys beyond `most` go to the rest.
    fn fold(&mut self, most: usize) {
        if self.keys.len() <= most {
            return;
        }
        let further = self.keys.split_off(most);
        let rest = self.other.take().unwrap_or_default();
        self.other = Some(further.iter().fold(rest, Counts::and));
    }

    /// All that is listed, with name and colour; the rest last.
    fn listed(&self) -> impl Iterator<Item = (String, Ink, &Counts)> {
        let keys = self.keys.iter().enumerate().map(|(index, key)| (key.title(), Ink::Series(index), key));
        let other = self.other.iter().filter(|other| other.totals.packets > 0.0);
        keys.chain(other.map(|other| (format!("Other ({})", other.keys), Ink::Other, other)))
    }

    fn seconds(&self) -> f64 {
        let (from, to) = self.span();
        to - from
    }

    /// When it begins and ends.
    fn span(&self) -> (f64, f64) {
        let moment = |moment: Option<Moment>| moment.map_or(0.0, |moment| moment.0);
        (moment(self.from), moment(self.to))
    }

    fn plane(&self, mark: Mark, percent: bool) -> Body {
        // Bytes a packet do not add up.
        let mark = if mark.piles() && matches!(self.measure, Measure::Bpp) { Mark::Lines } else { mark };
        let mut series: Vec<Series> = self
            .listed()
            .map(|(name, ink, counts)| Series {
                name,
                figure: self.measure.unit().figure(self.measure.of(counts.totals, self.seconds())),
                ink,
                dashed: false,
                points: self.points(counts, (&self.at, &self.total), (0.0, percent)),
            })
            .collect();
        series.extend(self.before(mark, percent));
        Body::Plane(Plane {
            mark,
            x: XAxis::Utc,
            x_title: "Time",
            span: self.span(),
            y: if percent { Unit::Percent } else { self.measure.unit() },
            y_title: if percent { "Share of the total" } else { self.measure.unit().words() }.to_owned(),
            series,
        })
    }

    /// Values in the middles of their intervals, `later` by so many seconds.
    fn points(
        &self,
        counts: &Counts,
        (at, total): (&[Moment], &Counts),
        (later, percent): (f64, bool),
    ) -> Vec<(f64, Option<f64>)> {
        let value = |place: usize| {
            let value = counts.value(place, self.measure, self.interval)?;
            if !percent {
                return Some(value);
            }
            let whole = total.value(place, self.measure, self.interval)?;
            Some(if whole > 0.0 { value / whole * 100.0 } else { 0.0 })
        };
        let middle = |at: &Moment| at.0 + later + self.interval / 2.0;
        at.iter().enumerate().map(|(place, at)| (middle(at), value(place))).collect()
    }

    /// The period before: all of it behind a pile, key by key behind lines.
    fn before(&self, mark: Mark, percent: bool) -> Vec<Series> {
        let Some(previous) = &self.previous else { return Vec::new() };
        let later = self.span().0 - previous.from.0;
        let of = |counts: &Counts, name: String, ink: Ink| Series {
            name,
            figure: self.measure.unit().figure(self.measure.of(counts.totals, self.seconds())),
            ink,
            dashed: true,
            points: self.points(counts, (&previous.at, &previous.total), (later, percent)),
        };
        if mark.piles() {
            return if percent {
                Vec::new()
            } else {
                vec![of(&previous.total, "Total before".to_owned(), Ink::Other)]
            };
        }
        let place = |key: &Counts| self.keys.iter().position(|now| now.key == key.key);
        let keys = previous.keys.iter().filter_map(|key| Some((key, place(key)?)));
        keys.map(|(key, place)| of(key, format!("{} before", key.title()), Ink::Series(place))).collect()
    }

    fn pie(&self) -> Body {
        let part = |(name, ink, counts): (String, Ink, &Counts)| {
            (name, ink, self.measure.of(counts.totals, self.seconds()))
        };
        let name = "of the range".to_owned();
        Body::Shares(vec![Shares {
            name,
            unit: self.measure.unit(),
            parts: self.listed().map(part).collect(),
        }])
    }

    fn ranking(&self, percent: bool) -> Body {
        let unit = self.measure.unit();
        let whole = self.measure.of(self.total.totals, self.seconds());
        let scale = if percent && whole > 0.0 { 100.0 / whole } else { 1.0 };
        let row = |(name, ink, counts): (String, Ink, &Counts)| Rank {
            name,
            values: vec![self.measure.of(counts.totals, self.seconds()) * scale],
            rest: ink == Ink::Other,
        };
        let shares = !percent && matches!(self.measure, Measure::Bytes | Measure::Packets | Measure::Flows);
        Body::Ranks(Ranks {
            series: vec![(unit.words().to_owned(), Ink::Series(0))],
            unit: if percent { Unit::Percent } else { unit },
            rows: self.listed().map(row).collect(),
            whole: if shares { whole } else { 0.0 },
        })
    }
}

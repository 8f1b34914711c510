//! Graphs over time: each packet at its time, or the sums of intervals; by protocol key, or by what far ends are called.

use std::collections::{BTreeMap, HashMap};

use ahash::RandomState;
use analyzer::exchange::{Bucket, Course, LAYERS};
use capturer::Timestamp;

use super::categories::{self, key_name, unit};
use super::gathering::{Facet, Kept};
use super::groups::{Graph, Kind, Measure};
use super::{Labels, Shape};
use crate::cli::exchange::By;
use crate::plot::{Body, Ink, Mark, Panel, Plane, SERIES, Series, Unit, XAxis};

/// Intervals that are drawn at most; of more several are joined.
const INTERVALS: i64 = 4096;

/// Places of a pile of single packets: as many as can be told apart on paper.
const PLACES: usize = 1600;

/// A series before it is drawn.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) course: Course,
    /// It stands for what is not listed.
    pub(super) rest: bool,
}

/// Series by name, the largest first where they are far ends, else as they were asked for; those beyond `most` together.
pub(super) fn lines(graph: &Graph, kept: &Kept, (labels, most): (&Labels<'_>, usize)) -> Vec<Line> {
    let mut named: HashMap<String, (usize, Course), RandomState> = HashMap::default();
    for ((key, facet), course) in kept.iter() {
        let place = graph.keys.iter().position(|asked| *asked == key).unwrap_or(0);
        let key = key_name(key);
        let name = match (graph.by, facet) {
            (Some(by), facet) if graph.keyed => format!("{} {key}", title(facet, by, labels)),
            (Some(by), facet) => title(facet, by, labels),
            (None, _) => key,
        };
        let line = named.entry(name).or_insert_with(|| (place, Course::new()));
        take(&mut line.1, course);
    }
    let mut lines: Vec<(usize, Line)> = named
        .into_iter()
        .map(|(name, (place, course))| (place, Line { name, course, rest: false }))
        .collect();
    let sum = |line: &Line| total(&line.course, graph.measure);
    match graph.by {
        Some(_) => lines.sort_by(|(_, a), (_, b)| sum(b).cmp(&sum(a)).then_with(|| a.name.cmp(&b.name))),
        None => lines.sort_by_key(|(place, _)| *place),
    }
    let mut lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
    fold(&mut lines, most);
    lines
}

/// Lines beyond `most` become one.
fn fold(lines: &mut Vec<Line>, most: usize) {
    if lines.len() <= most {
        return;
    }
    let further = lines.split_off(most);
    let mut rest = Line { name: format!("Other ({})", further.len()), course: Course::new(), rest: true };
    further.iter().for_each(|line| take(&mut rest.course, &line.course));
    lines.push(rest);
}

fn take(into: &mut Course, course: &Course) {
    for (span, bucket) in course {
        into.entry(*span).and_modify(|sum| sum.merge(bucket)).or_insert(*bucket);
    }
}

pub(super) fn title(facet: Facet, by: By, labels: &Labels<'_>) -> String {
    match facet {
        Facet::Whole => "all".to_owned(),
        Facet::Protocol(place) => LAYERS[usize::from(place) % LAYERS.len()].name.to_owned(),
        Facet::Partner(partner) => labels.title(partner, by),
    }
}

fn value(bucket: &Bucket, measure: Measure) -> u64 {
    match measure {
        Measure::Bytes => bucket.bytes,
        Measure::Packets => bucket.packets,
    }
}

/// All of a course.
pub(super) fn total(course: &Course, measure: Measure) -> u64 {
    course.values().map(|bucket| value(bucket, measure)).sum()
}

/// The graph.
pub(super) fn panel(
    (graph, shape): (&Graph, &Shape),
    mut kept: Kept,
    (labels, from): (&Labels<'_>, Timestamp),
) -> Panel {
    let mut notes = Vec::new();
    if graph.interval.is_some() {
        notes.extend(join(&mut kept));
    } else if kept.width() > 1 {
        let width = Unit::Seconds.figure(kept.width() as f64 / 1e9);
        notes
            .push(format!("There are too many packets to show each: those within {width} are drawn as one."));
    }
    // As many as there are colours.
    let most = shape.top.map_or(SERIES, |top| usize::from(top).min(SERIES));
    let lines = lines(graph, &kept, (labels, most));
    let axis = Axis::new(&kept, (shape, from), graph.interval.is_some());
    let points = points(graph, &lines, &axis);
    let points = if shape.percent { shares(points) } else { points };
    let unit = unit(graph.measure, shape.units);
    let series = lines.iter().zip(points).enumerate().map(|(index, (line, points))| Series {
        name: line.name.clone(),
        figure: unit.figure(total(&line.course, graph.measure) as f64),
        ink: if line.rest { Ink::Other } else { Ink::Series(index) },
        dashed: false,
        points,
    });
    let series: Vec<Series> = series.collect();
    let words = words(graph, kept.width());
    let by = graph.by.map(|by| format!(" by {}", categories::far_end(by))).unwrap_or_default();
    let title =
        if shape.percent { format!("Shares: {}{by}", words.to_lowercase()) } else { format!("{words}{by}") };
    let plane = Plane {
        mark: mark(graph, kept.width()),
        x: if shape.no_time_shift { XAxis::Utc } else { XAxis::Elapsed },
        x_title: match (shape.no_time_shift, graph.interval) {
            (true, _) => "Time",
            (false, Some(_)) => "Time since the first interval",
            (false, None) => "Time since the first packet",
        },
        span: axis.span(&lines),
        y: if shape.percent { Unit::Percent } else { unit },
        y_title: if shape.percent { "Share".to_owned() } else { words },
        series,
    };
    Panel { title, body: Body::Plane(plane), notes }
}

/// Joins intervals until they can be drawn; says so.
fn join(kept: &mut Kept) -> Option<String> {
    let spans = || kept.iter().flat_map(|(_, course)| course.keys().copied());
    let count = spans().max()?.saturating_sub(spans().min()?).saturating_add(1);
    let by = (count / INTERVALS + i64::from(count % INTERVALS > 0)).max(1);
    if by == 1 {
        return None;
    }
    kept.widen(kept.width().saturating_mul(by));
    let width = Unit::Seconds.figure(kept.width() as f64 / 1e9);
    Some(format!("There are {count} intervals: they are joined to such of {width}."))
}

/// Where spans stand.
struct Axis {
    width: i64,
    origin: i64,
    /// Sums stand in the middle of their interval, packets where they came.
    middle: i64,
}

impl Axis {
    fn new(kept: &Kept, (shape, from): (&Shape, Timestamp), sums: bool) -> Self {
        // Intervals begin where clocks tick, so the first one begins before the first packet.
        let begin = if sums {
            from.as_nanos().div_euclid(kept.width()).saturating_mul(kept.width())
        } else {
            from.as_nanos()
        };
        let origin = if shape.no_time_shift { 0 } else { begin };
        Self { width: kept.width(), origin, middle: if sums { kept.width() / 2 } else { 0 } }
    }

    fn place(&self, span: i64) -> f64 {
        let at = span.saturating_mul(self.width).saturating_add(self.middle).saturating_sub(self.origin);
        at as f64 / 1e9
    }

    /// From the first to the last.
    fn span(&self, lines: &[Line]) -> (f64, f64) {
        let ends = |line: &Line| Some((*line.course.first_key_value()?.0, *line.course.last_key_value()?.0));
        let (first, last) =
            lines.iter().filter_map(ends).reduce(|(a, b), (c, d)| (a.min(c), b.max(d))).unwrap_or_default();
        let half = self.middle as f64 / 1e9;
        (self.place(first) - half, self.place(last) + half)
    }
}

type Points = Vec<(f64, Option<f64>)>;

fn points(graph: &Graph, lines: &[Line], axis: &Axis) -> Vec<Points> {
    if graph.interval.is_some() {
        return sums(graph.measure, lines, axis);
    }
    if graph.kind == Kind::Stack {
        return piled(graph.measure, lines, axis);
    }
    lines.iter().map(|line| sizes(graph.measure, &line.course, axis)).collect()
}

/// The sum of every interval; what came in none is zero.
fn sums(measure: Measure, lines: &[Line], axis: &Axis) -> Vec<Points> {
    let spans = || lines.iter().flat_map(|line| line.course.keys().copied());
    let (Some(first), Some(last)) = (spans().min(), spans().max()) else { return Vec::new() };
    let of = |line: &Line| {
        let at = |span: i64| line.course.get(&span).map_or(0, |bucket| value(bucket, measure)) as f64;
        (first..=last).map(|span| (axis.place(span), Some(at(span)))).collect()
    };
    lines.iter().map(of).collect()
}

/// What has come so far at every packet of any series; packets at the same time add up.
fn piled(measure: Measure, lines: &[Line], axis: &Axis) -> Vec<Points> {
    let mut moments: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        for (span, bucket) in &line.course {
            moments.entry(*span).or_insert_with(|| vec![0; lines.len()])[index] += value(bucket, measure);
        }
    }
    let mut sums = vec![0u64; lines.len()];
    let mut series: Vec<Points> = vec![Vec::new(); lines.len()];
    let (first, last) = axis.span(lines);
    let column = |x: f64| ((x - first) / (last - first).max(1e-9) * PLACES as f64) as i64;
    let mut moments = moments.into_iter().peekable();
    while let Some((span, sizes)) = moments.next() {
        sums.iter_mut().zip(&sizes).for_each(|(sum, size)| *sum += size);
        let x = axis.place(span);
        // Of what falls on one column the last says it all; the first packet of all stays.
        let covered = moments.peek().is_some_and(|(next, _)| column(axis.place(*next)) == column(x));
        if !covered || series.first().is_some_and(Vec::is_empty) {
            series.iter_mut().zip(&sums).for_each(|(points, sum)| points.push((x, Some(*sum as f64))));
        }
    }
    series
}

/// The size of each packet; of those at the same time the smallest and the largest.
fn sizes(measure: Measure, course: &Course, axis: &Axis) -> Points {
    let mut points = Points::new();
    for (span, bucket) in course {
        let x = axis.place(*span);
        let (least, most) = match measure {
            Measure::Bytes => (f64::from(bucket.least), f64::from(bucket.most)),
            Measure::Packets => (bucket.packets as f64, bucket.packets as f64),
        };
        points.push((x, Some(least)));
        if most > least {
            points.push((x, Some(most)));
        }
    }
    points
}

/// In hundredths of the sum at each place.
fn shares(mut all: Vec<Points>) -> Vec<Points> {
    let places = all.iter().map(Vec::len).max().unwrap_or(0);
    for place in 0..places {
        let at = |points: &Points| points.get(place).and_then(|(_, value)| *value).unwrap_or(0.0);
        let whole: f64 = all.iter().map(at).sum();
        for points in &mut all {
            if let Some((_, Some(value))) = points.get_mut(place) {
                *value = if whole > 0.0 { *value / whole * 100.0 } else { 0.0 };
            }
        }
    }
    all
}

fn mark(graph: &Graph, width: i64) -> Mark {
    match (graph.kind, graph.interval) {
        (Kind::Stack, _) => Mark::Stack,
        (Kind::Bar, Some(_)) => Mark::Bars(width as f64 / 1e9),
        (Kind::Bar, None) => Mark::Spikes,
        (Kind::Scatter, _) => Mark::Scatter,
        _ => Mark::Lines,
    }
}

fn words(graph: &Graph, width: i64) -> String {
    let what = match graph.measure {
        Measure::Bytes => "Bytes",
        Measure::Packets => "Packets",
    };
    match (graph.kind, graph.interval, graph.measure) {
        (_, Some(_), _) => format!("{what} in {}", Unit::Seconds.figure(width as f64 / 1e9)),
        (Kind::Stack, ..) => format!("{what} so far"),
        (.., Measure::Bytes) => "Packet size".to_owned(),
        (.., Measure::Packets) => "Packets at a time".to_owned(),
    }
}

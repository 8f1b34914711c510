//! Rhythms: sizes summed in equal steps, without their mean (which would dwarf all else at frequency zero), and their
//! Fourier transform: the real and the imaginary part over frequency, up to half a cycle a step.

use analyzer::exchange::Course;

use super::categories::unit;
use super::course::{self, Line};
use super::gathering::Kept;
use super::groups::{Graph, Measure};
use super::{Labels, Shape};
use crate::plot::{Body, Ink, Mark, Panel, Plane, Series, Unit, XAxis, transform};

/// Steps when nobody says how long one is; and most of them: 2²⁰ numbers take a second.
const STEPS: usize = 1024;
const MOST: usize = 1 << 20;

/// Series: each is two lines.
const LINES: usize = 4;

/// The graph.
pub(super) fn panel((graph, shape): (&Graph, &Shape), kept: &Kept, labels: &Labels<'_>) -> Panel {
    let most = shape.top.map_or(LINES, |top| usize::from(top).min(LINES));
    let lines = course::lines(graph, kept, (labels, most));
    let width = kept.width() as f64 / 1e9;
    let spans = || lines.iter().flat_map(|line| line.course.keys().copied());
    let (Some(first), Some(last)) = (spans().min(), spans().max()) else {
        return Panel {
            title: String::new(),
            body: Body::Nothing("No traffic.".to_owned()),
            notes: Vec::new(),
        };
    };
    let seconds = (last.saturating_sub(first) as f64 * width).max(1e-9);
    let asked = graph.interval.unwrap_or(seconds / STEPS as f64);
    let step = asked.max(seconds / (MOST - 1) as f64);
    let count = (seconds / step) as usize + 1;
    let mut series = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let values = sampled(&line.course, graph.measure, (first, width), (step, count));
        series.extend(parts(line, index, &values, step));
    }
    let mut notes = vec![format!(
        "{count} steps of {}; the mean is left out, frequencies go up to half a cycle a step.",
        Unit::Seconds.figure(step)
    )];
    if step > asked {
        notes.push(format!("Steps of {} would be too many.", Unit::Seconds.figure(asked)));
    }
    let plane = Plane {
        mark: Mark::Lines,
        x: XAxis::Of(Unit::Hertz),
        x_title: "Frequency",
        span: (0.0, 0.5 / step),
        y: unit(graph.measure, shape.units),
        y_title: "Real and imaginary part".to_owned(),
        series,
    };
    Panel { title: "Rhythms".to_owned(), body: Body::Plane(plane), notes }
}

/// Sums of equal steps, less their mean.
fn sampled(
    course: &Course,
    measure: Measure,
    (first, width): (i64, f64),
    (step, count): (f64, usize),
) -> Vec<f64> {
    let mut values = vec![0.0; count];
    for (span, bucket) in course {
        let place = (span.saturating_sub(first) as f64 * width / step) as usize;
        let value = match measure {
            Measure::Bytes => bucket.bytes,
            Measure::Packets => bucket.packets,
        };
        values[place.min(count - 1)] += value as f64;
    }
    let mean = values.iter().sum::<f64>() / count as f64;
    values.iter_mut().for_each(|value| *value -= mean);
    values
}

fn parts(line: &Line, index: usize, values: &[f64], step: f64) -> [Series; 2] {
    let found = transform(values);
    let resolution = 1.0 / (values.len().next_power_of_two() as f64 * step);
    let of = |name: &str, ink: usize, part: fn(&(f64, f64)) -> f64| Series {
        name: format!("{} {name}", line.name),
        figure: String::new(),
        ink: Ink::Series(2 * index + ink),
        dashed: false,
        points: found
            .iter()
            .enumerate()
            .map(|(n, number)| (n as f64 * resolution, Some(part(number))))
            .collect(),
    };
    [of("real", 0, |number| number.0), of("imaginary", 1, |number| number.1)]
}

//! Axes: grid, ticks with their labels, and what is measured with its unit, said once.

use super::canvas::{Anchor, Canvas, Ink, Stroke};
use super::scale::Scale;
use super::ticks;
use super::units::Unit;

/// Size of labels, in user units.
pub(super) const LABEL: f64 = 12.0;

/// What an axis from left to right measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum XAxis {
    /// Seconds since the first packet.
    Elapsed,
    /// Seconds since the epoch, shown in UTC.
    Utc,
    /// A quantity.
    Of(Unit),
}

/// The rectangle that marks are drawn in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// Ticks of an axis of numbers: places with labels, and the unit they are in.
pub(super) struct Labels {
    pub(super) at: Vec<(f64, String)>,
    pub(super) symbol: String,
}

/// Round labels between two values of a unit.
pub(super) fn labels(unit: Unit, (least, most): (f64, f64), wanted: usize) -> Labels {
    let reach = most.abs().max(least.abs());
    // Sizes of packets are read in bytes: a few thousand are no kilobytes yet.
    let multiple =
        unit.multiple(if matches!(unit, Unit::Bytes(_)) && reach < 10_000.0 { 1.0 } else { reach });
    let ticks = ticks::numbers(least / multiple.by, most / multiple.by, wanted);
    let label = |at: f64| format!("{at:.*}", ticks.digits).replace('-', "\u{2212}");
    let at = ticks.at.iter().map(|&at| (at * multiple.by, label(at))).collect();
    Labels { at, symbol: multiple.symbol }
}

/// `Bytes (MB)`.
pub(super) fn titled(words: &str, symbol: &str) -> String {
    if symbol.is_empty() { words.to_owned() } else { format!("{words} ({symbol})") }
}

/// Grid lines across the field, with their labels left of it, and the title above.
pub(super) fn draw_y(canvas: &mut Canvas, field: Field, (scale, labels): (Scale, &Labels), title: &str) {
    for (value, label) in &labels.at {
        let y = scale.place(*value);
        let ink = if *value == 0.0 { Ink::Strong } else { Ink::Line };
        canvas.rule((field.left, y), (field.right, y), Stroke::solid(ink, 1.0));
        canvas.say((field.left - 8.0, y + LABEL * 0.36), label.clone(), (LABEL, Ink::Axis, Anchor::End));
    }
    let title = titled(title, &labels.symbol);
    canvas.say((field.left, field.top - 10.0), title, (LABEL, Ink::Label, Anchor::Start));
}

/// Ticks below the field, and the title below them.
pub(super) fn draw_x(canvas: &mut Canvas, field: Field, scale: Scale, axis: XAxis, title: &str) {
    let wanted = ((field.right - field.left) / 110.0).max(2.0) as usize;
    let (ticks, title) = match axis {
        XAxis::Utc => {
            let moments = ticks::moments(scale.values.0, scale.values.1, wanted);
            (moments, format!("{title} (UTC, {})", days(scale.values)))
        }
        XAxis::Elapsed => of(Unit::Seconds, scale, (wanted, title)),
        XAxis::Of(unit) => of(unit, scale, (wanted, title)),
    };
    for (value, label) in ticks {
        let x = scale.place(value);
        canvas.rule((x, field.bottom), (x, field.bottom + 4.0), Stroke::solid(Ink::Strong, 1.0));
        canvas.say((x, field.bottom + 18.0), label, (LABEL, Ink::Axis, Anchor::Middle));
    }
    canvas.rule((field.left, field.bottom), (field.right, field.bottom), Stroke::solid(Ink::Strong, 1.0));
    canvas.say((field.right, field.bottom + 36.0), title, (LABEL, Ink::Label, Anchor::End));
}

fn of(unit: Unit, scale: Scale, (wanted, title): (usize, &str)) -> (Vec<(f64, String)>, String) {
    let labels = labels(unit, scale.values, wanted);
    (labels.at, titled(title, &labels.symbol))
}

/// The day, or the first and the last.
fn days((from, to): (f64, f64)) -> String {
    let [from, to] = [from, to].map(|at| ticks::clock(at, "%Y-%m-%d"));
    if from == to { from } else { format!("{from} to {to}") }
}

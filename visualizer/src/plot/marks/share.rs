//! Shares of a whole: rings side by side, one a series, clockwise from the top, the whole in the middle. Names and shares
//! stand in the legend beside them, the same for all rings.

use std::f64::consts::TAU;

use super::super::canvas::{Anchor, Canvas, Ink, Point, Shape, Stroke};
use super::super::text;
use super::super::units::Unit;

/// Height of a row of rings, their outer and inner radius.
pub(in crate::plot) const HEIGHT: f64 = 230.0;
const OUTER: f64 = 88.0;
const INNER: f64 = 54.0;

/// Corners of a whole circle: its outline is off by less than a hundredth of a unit.
const CORNERS: f64 = 360.0;

/// The parts of a whole.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    /// What the whole is.
    pub(crate) name: String,
    /// What the parts count.
    pub(crate) unit: Unit,
    /// Name, colour and value of each part.
    pub(crate) parts: Vec<(String, Ink, f64)>,
}

/// Draws a ring about a point.
pub(in crate::plot) fn draw(canvas: &mut Canvas, shares: &Shares, (x, y): Point) {
    let whole: f64 = shares.parts.iter().map(|(.., value)| value).sum();
    let mut turned = 0.0;
    for (name, ink, value) in shares.parts.iter().filter(|(.., value)| *value > 0.0) {
        let share = value / whole;
        let title = Some(format!("{name}: {} ({:.1}\u{202f}%)", shares.unit.figure(*value), share * 100.0));
        let outline = sector((x, y), (turned, turned + share));
        canvas.add(Shape::Area { outline, ink: *ink, edge: Some(Stroke::solid(Ink::Surface, 1.5)), title });
        turned += share;
    }
    canvas.say((x, y + 7.0), shares.unit.figure(whole), (18.0, Ink::Text, Anchor::Middle));
    let name = text::fitted(&shares.name, 12.0, 2.0 * OUTER);
    canvas.say((x, y + OUTER + 20.0), name, (12.0, Ink::Label, Anchor::Middle));
}

/// The outline of a part of a ring, in turns from the top.
fn sector((x, y): Point, (from, to): (f64, f64)) -> Vec<Point> {
    let corners = ((to - from) * CORNERS).ceil().max(1.0) as usize;
    let at = |corner: usize, radius: f64| {
        let turn = (from + (to - from) * corner as f64 / corners as f64) * TAU;
        (x + radius * turn.sin(), y - radius * turn.cos())
    };
    (0..=corners)
        .map(|corner| at(corner, OUTER))
        .chain((0..=corners).rev().map(|corner| at(corner, INNER)))
        .collect()
}

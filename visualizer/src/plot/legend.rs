//! The legend: above what it explains, as many lines as it needs, each entry with what its series comes to.

use super::axis::LABEL;
use super::canvas::{Anchor, Canvas, Ink, Shape, Stroke};
use super::text;

/// Height of a line, side of a swatch, ground around it, in user units.
const LINE: f64 = 18.0;
const SWATCH: f64 = 10.0;
const SPACE: f64 = 6.0;

/// Between entries.
const APART: f64 = 18.0;

/// Longest name, in user units.
const LONGEST: f64 = 250.0;

/// An entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) figure: String,
    pub(super) ink: Ink,
    pub(super) dashed: bool,
}

impl Entry {
    fn name(&self) -> String {
        text::fitted(&self.name, LABEL, LONGEST)
    }

    fn width(&self) -> f64 {
        let figure =
            if self.figure.is_empty() { 0.0 } else { SPACE + text::width(&self.figure, LABEL, false) };
        // A reader's own font may be wider by a few per cent.
        SWATCH + SPACE + (text::width(&self.name(), LABEL, false) + figure) * 1.06
    }

    fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        if self.dashed {
            let stroke = Stroke { ink: self.ink, width: 1.2, dash: Some((2.0, 3.0)) };
            let points = vec![(x, y - SWATCH / 2.0), (x + SWATCH + 2.0, y - SWATCH / 2.0)];
            canvas.add(Shape::Line { points, stroke, title: None });
        } else {
            canvas.fill([x, y - SWATCH, SWATCH, SWATCH], self.ink);
        }
        let name = self.name();
        let x = x + SWATCH + SPACE;
        let end = x + text::width(&name, LABEL, false) * 1.06 + SPACE;
        canvas.say((x, y), name, (LABEL, Ink::Text, Anchor::Start));
        canvas.say((end, y), self.figure.clone(), (LABEL, Ink::Axis, Anchor::Start));
    }
}

/// Lines of entries that fit a width.
fn lines(entries: &[Entry], most: f64) -> Vec<Vec<&Entry>> {
    let mut lines: Vec<Vec<&Entry>> = Vec::new();
    let mut taken = 0.0;
    for entry in entries {
        let width = entry.width();
        match lines.last_mut() {
            Some(line) if taken + APART + width <= most => {
                taken += APART + width;
                line.push(entry);
            }
            _ => {
                taken = width;
                lines.push(vec![entry]);
            }
        }
    }
    lines
}

/// How high the legend is.
pub(super) fn height(entries: &[Entry], width: f64) -> f64 {
    lines(entries, width).len() as f64 * LINE
}

/// Draws it from its upper left corner.
pub(super) fn draw(canvas: &mut Canvas, entries: &[Entry], (left, top): (f64, f64), width: f64) {
    for (index, line) in lines(entries, width).into_iter().enumerate() {
        let y = top + index as f64 * LINE + SWATCH;
        let mut x = left;
        for entry in line {
            entry.draw(canvas, (x, y));
            x += entry.width() + APART;
        }
    }
}

//! A ranking: a bar a name, from the left, in segments by series, with its sum behind it.

use super::super::canvas::{Anchor, Canvas, Ink, Shape};
use super::super::scale::Scale;
use super::super::text;
use super::super::units::Unit;

/// From one bar to the next, and what of it the bar takes, in user units.
const ROW: f64 = 24.0;
const BAR: f64 = 14.0;

/// Sizes of names and sums.
const NAME: f64 = 12.0;

/// Widest column of names, as a part of the whole.
const NAMES: f64 = 0.34;

/// Ground between segments.
const PARTING: f64 = 1.0;

/// A bar.
#[derive(Clone, Debug)]
pub(crate) struct Rank {
    /// Whose figures these are; foreign text is welcome.
    pub(crate) name: String,
    /// One a series.
    pub(crate) values: Vec<f64>,
    /// It stands for all that is not listed.
    pub(crate) rest: bool,
}

/// Bars by name.
#[derive(Clone, Debug)]
pub(crate) struct Ranks {
    /// Name and colour of each segment.
    pub(crate) series: Vec<(String, Ink)>,
    /// What the figures count.
    pub(crate) unit: Unit,
    /// From top to bottom.
    pub(crate) rows: Vec<Rank>,
    /// What shares are of; 0 when none are told.
    pub(crate) whole: f64,
}

impl Rank {
    fn sum(&self) -> f64 {
        self.values.iter().sum()
    }
}

impl Ranks {
    /// How high the bars are together.
    pub(in crate::plot) fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW
    }

    /// How wide the column of names is.
    pub(in crate::plot) fn names(&self, width: f64) -> f64 {
        let widest = self.rows.iter().map(|row| text::width(&row.name, NAME, false)).fold(0.0, f64::max);
        widest.min(width * NAMES) + 12.0
    }

    /// The greatest sum.
    pub(in crate::plot) fn most(&self) -> f64 {
        self.rows.iter().map(Rank::sum).fold(0.0, f64::max)
    }

    /// The sum behind a bar.
    fn figure(&self, sum: f64) -> String {
        if self.whole > 0.0 && self.unit != Unit::Percent {
            let share = sum / self.whole * 100.0;
            return format!("{} · {share:.1}\u{202f}%", self.unit.figure(sum));
        }
        self.unit.figure(sum)
    }

    /// How wide the widest sum is.
    pub(in crate::plot) fn sums(&self) -> f64 {
        let widths = self.rows.iter().map(|row| text::width(&self.figure(row.sum()), NAME, false));
        widths.fold(0.0, f64::max) + 12.0
    }

    /// Draws names, bars and sums.
    pub(in crate::plot) fn draw(&self, canvas: &mut Canvas, scale: Scale, (left, top): (f64, f64)) {
        let zero = scale.place(0.0);
        for (index, row) in self.rows.iter().enumerate() {
            let middle = top + (index as f64 + 0.5) * ROW;
            let name = text::fitted(&row.name, NAME, zero - left - 8.0);
            let ink = if row.rest { Ink::Axis } else { Ink::Text };
            canvas.say((zero - 8.0, middle + NAME * 0.36), name, (NAME, ink, Anchor::End));
            let end = self.bar(canvas, scale, (row, middle - BAR / 2.0));
            let figure = self.figure(row.sum());
            canvas.say((end + 6.0, middle + NAME * 0.36), figure, (NAME, Ink::Label, Anchor::Start));
        }
    }

    fn bar(&self, canvas: &mut Canvas, scale: Scale, (row, top): (&Rank, f64)) -> f64 {
        let mut from = 0.0;
        for ((series, ink), value) in self.series.iter().zip(&row.values).filter(|(_, value)| **value > 0.0) {
            let (left, right) = (scale.place(from), scale.place(from + value));
            let across = (right - left - PARTING).max(0.5);
            let title = Some(format!("{} {series}: {}", row.name, self.unit.figure(*value)));
            let ink = if row.rest && self.series.len() == 1 { Ink::Other } else { *ink };
            canvas.add(Shape::Boxes { boxes: vec![[left, top, across, BAR]], ink, title });
            from += value;
        }
        scale.place(from)
    }
}

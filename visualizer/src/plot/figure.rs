//! A figure: a title and graphs below each other in one column, laid out and handed to a format.

use super::axis::{self, Field, LABEL, XAxis};
use super::canvas::{Anchor, Canvas, Ink};
use super::legend::{self, Entry};
use super::marks::{self, Mark, Ranks, SHARES_HEIGHT, Series, Shares};
use super::scale::Scale;
use super::units::Unit;
use super::{PngError, Theme, png, svg, text};

/// Ground around everything.
const MARGIN: f64 = 20.0;

/// Room above a field for the title of its axis, and below it for ticks and title.
const ABOVE: f64 = 28.0;
const BELOW: f64 = 46.0;

/// Between graphs.
const APART: f64 = 22.0;

/// Sizes of letters.
const TITLE: f64 = 17.0;
const HEAD: f64 = 14.0;

/// Rings in a row.
const RINGS: usize = 3;

/// Width of a figure and height of each graph over axes, in user units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Size {
    /// Across.
    pub(crate) width: f64,
    /// Down, for each graph.
    pub(crate) height: f64,
}

impl Default for Size {
    fn default() -> Self {
        Self { width: 800.0, height: 360.0 }
    }
}

/// A picture.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// What it is; foreign text is welcome, here and everywhere.
    pub(crate) title: String,
    /// What it is made of: files, times, filter.
    pub(crate) about: Vec<String>,
    /// From top to bottom.
    pub(crate) panels: Vec<Panel>,
    /// How large.
    pub(crate) size: Size,
}

/// A graph with its heading.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    /// What it shows.
    pub(crate) title: String,
    /// The drawing.
    pub(crate) body: Body,
    /// What a reader has to know to read it.
    pub(crate) notes: Vec<String>,
}

/// The kinds of drawings.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Series over an axis.
    Plane(Plane),
    /// Bars by name.
    Ranks(Ranks),
    /// Rings, one a series.
    Shares(Vec<Shares>),
    /// Nothing to draw, and why.
    Nothing(String),
}

/// Series over an axis.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    /// How they are drawn.
    pub(crate) mark: Mark,
    /// From left to right.
    pub(crate) x: XAxis,
    /// What that is called.
    pub(crate) x_title: &'static str,
    /// First and last place.
    pub(crate) span: (f64, f64),
    /// Upwards.
    pub(crate) y: Unit,
    /// What that is called.
    pub(crate) y_title: String,
    /// From bottom to top, and in the legend from left to right.
    pub(crate) series: Vec<Series>,
}

impl Figure {
    /// As SVG.
    pub(crate) fn svg(&self, theme: Theme) -> String {
        svg::write(&self.canvas(), theme, &self.title)
    }

    /// As PNG with so many pixels to a unit of [`Size`].
    ///
    /// # Errors
    /// [`PngError`] when that is too large.
    pub(crate) fn png(&self, theme: Theme, scale: f64) -> Result<Vec<u8>, PngError> {
        png::write(&self.canvas(), theme, scale)
    }

    /// All shapes.
    pub(super) fn canvas(&self) -> Canvas {
        let mut canvas = Canvas::new(self.size.width, 0.0);
        let inner = self.size.width - 2.0 * MARGIN;
        let mut y = MARGIN;
        if !self.title.is_empty() {
            canvas.head((MARGIN, y + TITLE * 0.8), text::fitted(&self.title, TITLE * 1.05, inner), TITLE);
            y += TITLE + 8.0;
        }
        for line in &self.about {
            let line = text::fitted(line, LABEL, inner);
            canvas.say((MARGIN, y + LABEL * 0.8), line, (LABEL, Ink::Label, Anchor::Start));
            y += LABEL + 5.0;
        }
        for panel in &self.panels {
            y += if y > MARGIN { APART } else { 0.0 };
            y = self.panel(&mut canvas, panel, y);
        }
        canvas.height = (y + MARGIN).ceil();
        canvas
    }

    /// Draws a graph from `top` down and gives where it ends.
    fn panel(&self, canvas: &mut Canvas, panel: &Panel, top: f64) -> f64 {
        let inner = self.size.width - 2.0 * MARGIN;
        let mut y = top;
        if !panel.title.is_empty() {
            canvas.head((MARGIN, y + HEAD * 0.8), text::fitted(&panel.title, HEAD * 1.05, inner), HEAD);
            y += HEAD + 10.0;
        }
        let entries = panel.body.entries();
        legend::draw(canvas, &entries, (MARGIN, y), inner);
        y += legend::height(&entries, inner);
        y = match &panel.body {
            Body::Plane(plane) => self.plane(canvas, plane, y),
            Body::Ranks(ranks) => self.ranks(canvas, ranks, y),
            Body::Shares(all) => self.shares(canvas, all, y),
            Body::Nothing(why) => {
                canvas.say((MARGIN, y + LABEL * 1.5), why.clone(), (LABEL, Ink::Label, Anchor::Start));
                y + 2.0 * LABEL
            }
        };
        for note in &panel.notes {
            let note = text::fitted(note, LABEL, inner);
            canvas.say((MARGIN, y + LABEL), note, (LABEL, Ink::Axis, Anchor::Start));
            y += LABEL + 5.0;
        }
        y
    }

    fn plane(&self, canvas: &mut Canvas, plane: &Plane, top: f64) -> f64 {
        let (least, most) = plane.mark.reach(&plane.series);
        // The highest mark does not touch the ceiling, unless it is the whole.
        let most = if plane.y == Unit::Percent { 100.0 } else { most + (most - least) * 0.04 };
        let reach = if most > least { (least, most) } else { (0.0, 1.0) };
        let labels = axis::labels(plane.y, reach, 5);
        let widest = labels.at.iter().map(|(_, label)| text::width(label, LABEL, false)).fold(0.0, f64::max);
        let field = Field {
            left: MARGIN + widest.max(16.0) + 12.0,
            top: top + ABOVE,
            right: self.size.width - MARGIN - 8.0,
            bottom: top + self.size.height - BELOW,
        };
        let scales = marks::Plane {
            x: Scale::new(plane.span, (field.left, field.right)),
            y: Scale::new(reach, (field.bottom, field.top)),
        };
        axis::draw_y(canvas, field, (scales.y, &labels), &plane.y_title);
        plane.mark.draw(canvas, scales, &plane.series);
        axis::draw_x(canvas, field, scales.x, plane.x, plane.x_title);
        top + self.size.height
    }

    fn ranks(&self, canvas: &mut Canvas, ranks: &Ranks, top: f64) -> f64 {
        let inner = self.size.width - 2.0 * MARGIN;
        let (left, right) = (MARGIN + ranks.names(inner), self.size.width - MARGIN - ranks.sums());
        let bottom = top + 12.0 + ranks.height();
        let field = Field { left, top: top + 8.0, right, bottom };
        let scale = Scale::new((0.0, ranks.most()), (left, right));
        axis::draw_x(canvas, field, scale, XAxis::Of(ranks.unit), ranks.unit.words());
        ranks.draw(canvas, scale, (MARGIN, top + 8.0));
        bottom + BELOW
    }

    fn shares(&self, canvas: &mut Canvas, all: &[Shares], top: f64) -> f64 {
        let rows = all.chunks(RINGS);
        let count = rows.len();
        for (index, row) in rows.enumerate() {
            let across = (self.size.width - 2.0 * MARGIN) / row.len() as f64;
            for (place, shares) in row.iter().enumerate() {
                let at = (MARGIN + (place as f64 + 0.5) * across, top + index as f64 * SHARES_HEIGHT + 105.0);
                marks::draw_shares(canvas, shares, at);
            }
        }
        top + count as f64 * SHARES_HEIGHT
    }
}

impl Body {
    /// What the legend has to explain.
    fn entries(&self) -> Vec<Entry> {
        let entry = |(name, ink): &(String, Ink)| Entry {
            name: name.clone(),
            figure: String::new(),
            ink: *ink,
            dashed: false,
        };
        match self {
            Self::Plane(plane) => plane.series.iter().map(of_series).collect(),
            Self::Ranks(ranks) => ranks.series.iter().map(entry).collect(),
            Self::Shares(all) => of_shares(all),
            Self::Nothing(_) => Vec::new(),
        }
    }
}

fn of_series(series: &Series) -> Entry {
    let Series { name, figure, ink, dashed, .. } = series;
    Entry { name: name.clone(), figure: figure.clone(), ink: *ink, dashed: *dashed }
}

/// Of several rings the names, of one their values and shares, too.
fn of_shares(all: &[Shares]) -> Vec<Entry> {
    let Some(first) = all.first() else { return Vec::new() };
    let whole: f64 = first.parts.iter().map(|(.., value)| value).sum();
    let figure = |value: f64| match all {
        [_] if whole > 0.0 => {
            format!("{} · {:.1}\u{202f}%", first.unit.figure(value), value / whole * 100.0)
        }
        _ => String::new(),
    };
    let entry = |(name, ink, value): &(String, Ink, f64)| Entry {
        name: name.clone(),
        figure: figure(*value),
        ink: *ink,
        dashed: false,
    };
    first.parts.iter().map(entry).collect()
}

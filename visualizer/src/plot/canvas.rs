//! What a picture consists of: a few plain shapes in user units, without a format. Their ink is a role; which colour that
//! is, the theme says when they are written down.

/// The role of a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The ground, and gaps between marks.
    Surface,
    /// Grid.
    Line,
    /// Axes.
    Strong,
    /// Titles and values.
    Text,
    /// Labels.
    Label,
    /// Ticks and what is secondary.
    Axis,
    /// A series by its place.
    Series(usize),
    /// What is below the listed.
    Other,
}

/// A point: right, down.
pub(super) type Point = (f64, f64);

/// Where a text stands from its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line's look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub(super) ink: Ink,
    pub(super) width: f64,
    /// On and off, in user units.
    pub(super) dash: Option<(f64, f64)>,
}

impl Stroke {
    pub(super) const fn solid(ink: Ink, width: f64) -> Self {
        Self { ink, width, dash: None }
    }
}

/// Words at a point of their base line.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) at: Point,
    pub(super) text: String,
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) ink: Ink,
    pub(super) anchor: Anchor,
}

/// A mark.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A closed outline, filled; `edge` parts it from its neighbours.
    Area { outline: Vec<Point>, ink: Ink, edge: Option<Stroke>, title: Option<String> },
    /// Rectangles of one ink: left, top, width, height.
    Boxes { boxes: Vec<[f64; 4]>, ink: Ink, title: Option<String> },
    /// An open line.
    Line { points: Vec<Point>, stroke: Stroke, title: Option<String> },
    /// Discs of one ink.
    Dots { points: Vec<Point>, radius: f64, ink: Ink, title: Option<String> },
    /// A text.
    Words(Words),
}

/// Shapes in the order in which they are drawn.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    pub(super) shapes: Vec<Shape>,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { shapes: Vec::new(), width, height }
    }

    pub(super) fn add(&mut self, shape: Shape) {
        self.shapes.push(shape);
    }

    /// A straight line.
    pub(super) fn rule(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.add(Shape::Line { points: vec![from, to], stroke, title: None });
    }

    /// A filled rectangle.
    pub(super) fn fill(&mut self, rectangle: [f64; 4], ink: Ink) {
        self.add(Shape::Boxes { boxes: vec![rectangle], ink, title: None });
    }

    /// A text in an ordinary weight.
    pub(super) fn say(
        &mut self,
        at: Point,
        text: impl Into<String>,
        (size, ink, anchor): (f64, Ink, Anchor),
    ) {
        self.add(Shape::Words(Words { at, text: text.into(), size, bold: false, ink, anchor }));
    }

    /// A heading.
    pub(super) fn head(&mut self, at: Point, text: impl Into<String>, size: f64) {
        let (bold, ink, anchor) = (true, Ink::Text, Anchor::Start);
        self.add(Shape::Words(Words { at, text: text.into(), size, bold, ink, anchor }));
    }
}

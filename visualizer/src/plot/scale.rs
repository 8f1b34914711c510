//! From values to places: a linear scale.

/// Maps a span of values onto a span of places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Values at both ends.
    pub(super) values: (f64, f64),
    /// Where they stand.
    pub(super) places: (f64, f64),
}

impl Scale {
    /// A scale; a span of nothing is widened, so that its one value stands in the middle.
    pub(super) fn new((least, most): (f64, f64), places: (f64, f64)) -> Self {
        let values = if most > least { (least, most) } else { (least - 0.5, least + 0.5) };
        Self { values, places }
    }

    /// Where a value stands.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (least, most) = self.values;
        let (from, to) = self.places;
        from + (value - least) / (most - least) * (to - from)
    }
}

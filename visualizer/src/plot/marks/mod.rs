//! What stands for figures: one file a kind of mark. Each knows how to draw itself into a rectangle; axes, legends and
//! words around it are not its affair.

mod areas;
mod bars;
mod lines;
mod rank;
mod scatter;
mod share;
mod spikes;
mod thin;

pub(crate) use rank::{Rank, Ranks};
pub(crate) use share::Shares;
pub(super) use share::{HEIGHT as SHARES_HEIGHT, draw as draw_shares};

use super::canvas::{Canvas, Ink};
use super::scale::Scale;

/// Values at places of an axis.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// What it is called; foreign text is welcome.
    pub(crate) name: String,
    /// The figure beside the name: what it comes to.
    pub(crate) figure: String,
    /// Its colour.
    pub(crate) ink: Ink,
    /// It is compared with, not shown: a thin dashed line.
    pub(crate) dashed: bool,
    /// Ascending; no value is a gap.
    pub(crate) points: Vec<(f64, Option<f64>)>,
}

/// How series are drawn over an axis of time or frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mark {
    /// Areas on top of each other; all series have the same places.
    Stack,
    /// Bars on top of each other, so wide in units of the axis; all series have the same places.
    Bars(f64),
    /// A line each.
    Lines,
    /// A dot a value.
    Scatter,
    /// A thin bar from zero a value.
    Spikes,
}

/// Both scales of a plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Mark {
    /// Whether values add up at each place.
    pub(super) const fn piles(self) -> bool {
        matches!(self, Self::Stack | Self::Bars(_))
    }

    /// Draws the series; those that are compared with are lines, whatever the others are.
    pub(super) fn draw(self, canvas: &mut Canvas, plane: Plane, series: &[Series]) {
        let (compared, shown): (Vec<&Series>, Vec<&Series>) = series.iter().partition(|one| one.dashed);
        match self {
            Self::Stack => areas::draw(canvas, plane, &shown),
            Self::Bars(width) => bars::draw(canvas, plane, &shown, width),
            Self::Lines => shown.iter().for_each(|one| lines::draw(canvas, plane, one)),
            Self::Scatter => shown.iter().for_each(|one| scatter::draw(canvas, plane, one)),
            Self::Spikes => shown.iter().for_each(|one| spikes::draw(canvas, plane, one)),
        }
        compared.iter().for_each(|one| lines::draw(canvas, plane, one));
    }

    /// The least and the greatest value that is drawn; zero is always within.
    pub(super) fn reach(self, series: &[Series]) -> (f64, f64) {
        let (compared, shown): (Vec<&Series>, Vec<&Series>) = series.iter().partition(|one| one.dashed);
        let alone = |all: &[&Series]| {
            let values = all.iter().flat_map(|one| one.points.iter().filter_map(|(_, value)| *value));
            values.fold((0.0f64, 0.0f64), |(least, most), value| (least.min(value), most.max(value)))
        };
        if !self.piles() {
            return alone(&series.iter().collect::<Vec<_>>());
        }
        let places = shown.iter().map(|one| one.points.len()).max().unwrap_or(0);
        let pile = |place: usize| {
            shown.iter().filter_map(|one| one.points.get(place).and_then(|(_, value)| *value)).sum::<f64>()
        };
        let (_, compared) = alone(&compared);
        (0.0, (0..places).map(pile).fold(compared, f64::max))
    }
}

/// What a reader hears of a series.
fn told(series: &Series) -> Option<String> {
    let Series { name, figure, .. } = series;
    Some(if figure.is_empty() { name.clone() } else { format!("{name}: {figure}") })
}

//! Areas on top of each other, the first at the bottom, with a hairline of the ground between them. A place where no series
//! has a value parts them: a gap in the data is a gap in the picture.

use super::super::canvas::{Canvas, Ink, Point, Shape, Stroke};
use super::{Plane, Series, told};

/// The hairline between layers, in user units.
const PARTING: f64 = 0.75;

pub(super) fn draw(canvas: &mut Canvas, plane: Plane, series: &[&Series]) {
    let Some(first) = series.first() else { return };
    let whole = |place: usize| series.iter().any(|one| matches!(one.points.get(place), Some((_, Some(_)))));
    let mut begin = 0;
    while begin < first.points.len() {
        if !whole(begin) {
            begin += 1;
            continue;
        }
        let end = (begin..first.points.len()).find(|&place| !whole(place)).unwrap_or(first.points.len());
        pile(canvas, plane, series, begin..end);
        begin = end;
    }
}

/// The layers of a stretch without a gap.
fn pile(canvas: &mut Canvas, plane: Plane, series: &[&Series], places: std::ops::Range<usize>) {
    let mut floor = vec![0.0; places.len()];
    for one in series {
        let Some(points) = one.points.get(places.clone()) else { continue };
        let top: Vec<f64> =
            floor.iter().zip(points).map(|(floor, (_, value))| floor + value.unwrap_or(0.0)).collect();
        if top != floor {
            let outline = outline(plane, points, (&floor, &top));
            let edge = Some(Stroke::solid(Ink::Surface, PARTING));
            canvas.add(Shape::Area { outline, ink: one.ink, edge, title: told(one) });
        }
        floor = top;
    }
}

fn outline(plane: Plane, points: &[(f64, Option<f64>)], (floor, top): (&[f64], &[f64])) -> Vec<Point> {
    let at = |(&(x, _), &y): (&(f64, Option<f64>), &f64)| (plane.x.place(x), plane.y.place(y));
    let upper = points.iter().zip(top).map(at);
    let lower = points.iter().zip(floor).rev().map(at);
    upper.chain(lower).collect()
}

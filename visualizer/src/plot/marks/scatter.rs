//! A dot a value; what would cover another is drawn once.

use super::super::canvas::{Canvas, Shape};
use super::{Plane, Series, thin, told};

const RADIUS: f64 = 1.6;

pub(super) fn draw(canvas: &mut Canvas, plane: Plane, series: &Series) {
    let points = series.points.iter().filter_map(|&(x, y)| Some((plane.x.place(x), plane.y.place(y?))));
    canvas.add(Shape::Dots {
        points: thin::dots(points),
        radius: RADIUS,
        ink: series.ink,
        title: told(series),
    });
}

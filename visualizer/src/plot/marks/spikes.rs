//! A thin bar from zero for each value; of those on one column the highest is seen.

use super::super::canvas::{Canvas, Shape};
use super::{Plane, Series, thin, told};

const WIDTH: f64 = 1.0;

pub(super) fn draw(canvas: &mut Canvas, plane: Plane, series: &Series) {
    let zero = plane.y.place(0.0);
    let points = series.points.iter().filter_map(|&(x, y)| Some((plane.x.place(x), plane.y.place(y?))));
    let boxes =
        thin::bars(points).into_iter().map(|(x, y)| [x - WIDTH / 2.0, y.min(zero), WIDTH, (zero - y).abs()]);
    canvas.add(Shape::Boxes { boxes: boxes.collect(), ink: series.ink, title: told(series) });
}

//! A line through values, broken at gaps; a value between two gaps is a dot. What is compared with is thin and dashed.

use super::super::canvas::{Canvas, Ink, Point, Shape, Stroke};
use super::{Plane, Series, thin, told};

const WIDTH: f64 = 1.5;
const COMPARED: Stroke = Stroke { ink: Ink::Axis, width: 1.0, dash: Some((2.0, 3.0)) };

pub(super) fn draw(canvas: &mut Canvas, plane: Plane, series: &Series) {
    let stroke = match (series.dashed, series.ink) {
        (true, Ink::Other) => COMPARED,
        (true, ink) => Stroke { ink, width: 1.2, ..COMPARED },
        (false, ink) => Stroke::solid(ink, WIDTH),
    };
    let mut title = told(series);
    for stretch in series.points.split(|(_, value)| value.is_none()) {
        let points: Vec<Point> =
            stretch.iter().filter_map(|&(x, y)| Some((plane.x.place(x), plane.y.place(y?)))).collect();
        match points.as_slice() {
            [] => {}
            [_] => canvas.add(Shape::Dots { points, radius: WIDTH, ink: stroke.ink, title: title.take() }),
            _ => canvas.add(Shape::Line { points: thin::line(&points), stroke, title: title.take() }),
        }
    }
}

//! Bars on top of each other, one pile an interval, the first series at the bottom.

use super::super::canvas::{Canvas, Shape};
use super::{Plane, Series, told};

/// Of an interval's width what the bar takes; the rest is ground.
const TAKEN: f64 = 0.86;

pub(super) fn draw(canvas: &mut Canvas, plane: Plane, series: &[&Series], width: f64) {
    let places = series.iter().map(|one| one.points.len()).max().unwrap_or(0);
    let across = (plane.x.place(width) - plane.x.place(0.0)) * TAKEN;
    let mut floor = vec![0.0; places];
    for one in series {
        let mut boxes = Vec::new();
        for (floor, &(at, value)) in floor.iter_mut().zip(&one.points) {
            let Some(value) = value.filter(|value| *value > 0.0) else { continue };
            let (low, high) = (plane.y.place(*floor), plane.y.place(*floor + value));
            boxes.push([plane.x.place(at) - across / 2.0, high, across.max(0.5), low - high]);
            *floor += value;
        }
        canvas.add(Shape::Boxes { boxes, ink: one.ink, title: told(one) });
    }
}

//! Fewer points for the same picture: what falls on one column of the paper is drawn once.

use super::super::canvas::Point;

/// A column of the paper, in user units: half a unit is below what a printer or a screen tells apart.
const COLUMN: f64 = 0.5;

/// Of the points of a line those that can be seen: in each column the first, the lowest, the highest and the last.
pub(super) fn line(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let mut rest = points;
    while let Some(&(first, _)) = rest.first() {
        let column = (first / COLUMN).floor();
        let end = rest.iter().position(|(x, _)| (x / COLUMN).floor() != column).unwrap_or(rest.len());
        let (now, later) = rest.split_at(end);
        keep(now, &mut kept);
        rest = later;
    }
    kept
}

fn keep(column: &[Point], kept: &mut Vec<Point>) {
    let by = |order: fn(f64, f64) -> bool| {
        (0..column.len()).reduce(|a, b| if order(column[b].1, column[a].1) { b } else { a }).unwrap_or(0)
    };
    let mut wanted = [0, by(|a, b| a < b), by(|a, b| a > b), column.len() - 1];
    wanted.sort_unstable();
    let mut last = None;
    for index in wanted {
        if last != Some(index) {
            kept.extend(column.get(index));
        }
        last = Some(index);
    }
}

/// Of dots those that do not cover each other.
pub(super) fn dots(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut seen = std::collections::HashSet::new();
    points.filter(|(x, y)| seen.insert(((x / COLUMN).round() as i64, (y / COLUMN).round() as i64))).collect()
}

/// Of bars the highest in each column, in order.
pub(super) fn bars(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut columns = std::collections::BTreeMap::<i64, Point>::new();
    for (x, y) in points {
        let kept = columns.entry((x / COLUMN).round() as i64).or_insert((x, y));
        // Down is more: the highest bar has the least place.
        if y < kept.1 {
            *kept = (x, y);
        }
    }
    columns.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_points_become_what_can_be_seen_and_extremes_stay() {
        let points: Vec<Point> = (0..1_000_000)
            .map(|n| (f64::from(n) / 10_000.0, if n == 123_456 { -9.0 } else { f64::from(n % 7) }))
            .collect();
        let thin = line(&points);
        assert!(thin.len() <= 4 * 201, "{}", thin.len());
        assert!(thin.contains(&(12.3456, -9.0)));
        assert_eq!((thin.first(), thin.last()), (points.first(), points.last()));
        assert!(dots(points.iter().copied()).len() < 4000);
        assert_eq!(bars(points.into_iter()).len(), 201);
    }
}

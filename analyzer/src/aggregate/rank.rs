//! The head of a ranking, without a list of all that could be in it.

use std::cmp::Ordering;

/// The `limit` highest (0: all), highest first, equals by key. No more than twice as many are held at a time, whatever there is:
/// of a flood's hosts a list of all would take tens of megabytes, just when there are none left.
pub(crate) fn rank<K: Ord, V>(rows: impl Iterator<Item = (u64, K, V)>, limit: usize) -> Vec<(u64, K, V)> {
    let order = |a: &(u64, K, V), b: &(u64, K, V)| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1));
    let mut best: Vec<(u64, K, V)> = Vec::new();
    if limit == 0 {
        best.extend(rows);
    } else {
        let mut is_cut = false;
        for row in rows {
            // Whoever comes after the last of a full list has no place in it.
            if is_cut && order(&best[limit - 1], &row).is_lt() {
                continue;
            }
            best.push(row);
            if best.len() == limit.saturating_mul(2) {
                cut(&mut best, limit, order);
                is_cut = true;
            }
        }
        cut(&mut best, limit, order);
    }
    best.sort_unstable_by(order);
    best
}

/// Leaves the first `limit` in no order, the last of them at the end.
fn cut<T>(rows: &mut Vec<T>, limit: usize, order: impl Fn(&T, &T) -> Ordering) {
    if rows.len() > limit {
        rows.select_nth_unstable_by(limit - 1, order);
        rows.truncate(limit);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::rank;

    proptest! {
        #[test]
        fn the_head_is_that_of_all_in_order(figures in prop::collection::vec((0u64..20, 0u8..50), 0..200), limit in 0usize..30) {
            let mut all: Vec<_> = figures.iter().enumerate().map(|(n, &(figure, key))| (figure, (key, n), ())).collect();
            let head = rank(all.clone().into_iter(), limit);
            all.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            all.truncate(if limit == 0 { usize::MAX } else { limit });
            prop_assert_eq!(head, all);
        }
    }
}

//! Nested and overlapping rows become neighbours: each address keeps the row that starts last before it, and of those
//! that start together the shortest. For networks that is the longest match (RFC 4632 §5.1), since networks nest.

use crate::geo::ranges::{Address, Builder, Ranges};

/// A row that a table is made of: first and last address, both included, and its value.
pub(in crate::geo) type Row<A> = (A, A, u32);

/// What became of the rows.
pub(in crate::geo) struct Flat<A: Address> {
    /// The value at each address, 0 for none.
    pub ranges: Ranges<A, u32>,
    /// By position in the sorted rows: whether any address has this row.
    pub seen: Vec<bool>,
}

/// Sorts the rows as [`flatten`] wants them: what is wider comes first.
pub(in crate::geo) fn sort<A: Address>(rows: &mut [Row<A>]) {
    rows.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
}

/// Makes a map of rows in the order of [`sort`].
pub(in crate::geo) fn flatten<A: Address>(rows: &[Row<A>]) -> Flat<A> {
    let mut sweep = Sweep {
        rows,
        next: Some(A::ENDS.0),
        open: Vec::new(),
        out: Builder::with_capacity(rows.len()),
        seen: vec![false; rows.len()],
    };
    for (position, row) in rows.iter().enumerate() {
        sweep.until(row.0);
        sweep.open.push(position);
    }
    sweep.finish()
}

struct Sweep<'a, A> {
    rows: &'a [Row<A>],
    /// The first address that has no value yet; `None` beyond the highest.
    next: Option<A>,
    /// Rows that hold the current address, the one that starts last on top; some below may have ended.
    open: Vec<usize>,
    out: Builder<A, u32>,
    seen: Vec<bool>,
}

impl<A: Address> Sweep<'_, A> {
    /// Gives every address below `limit` its value.
    fn until(&mut self, limit: A) {
        while let Some(top) = self.open.last().copied() {
            let last = self.rows[top].1;
            if last >= limit {
                self.cover(top, limit.before(), limit);
                return;
            }
            self.cover(top, last, limit);
            self.open.pop();
        }
        self.next = self.next.map(|next| next.max(limit));
    }

    /// Addresses from the next one to `last` take a row's value, as far as there are any below `limit`.
    fn cover(&mut self, row: usize, last: A, limit: A) {
        let Some(next) = self.next.filter(|next| *next <= last && *next < limit) else { return };
        // Pushed in ascending order by construction.
        if self.out.push(next, last, self.rows[row].2).is_ok() {
            self.seen[row] = true;
        }
        self.next = last.after();
    }

    fn finish(mut self) -> Flat<A> {
        while let Some(top) = self.open.pop() {
            let last = self.rows[top].1;
            if let Some(next) = self.next.filter(|next| *next <= last) {
                self.seen[top] = self.out.push(next, last, self.rows[top].2).is_ok() || self.seen[top];
                self.next = last.after();
            }
        }
        Flat { ranges: self.out.build(), seen: self.seen }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_address_has_the_row_that_starts_last(
            rows in prop::collection::vec((0_u32..300, 0_u32..80), 0..50),
            shift in prop::sample::select(vec![0_u32, 13, 23]),
        ) {
            let ends = |first: u32, len: u32| (first << shift, ((first + len) << shift) | ((1 << shift) - 1));
            let mut rows: Vec<Row<u32>> =
                rows.iter().zip(1..).map(|(&(first, len), value)| (ends(first, len).0, ends(first, len).1, value)).collect();
            rows.push((u32::MAX - 3, u32::MAX, 999));
            sort(&mut rows);
            let flat = flatten(&rows);
            let mut found = vec![false; rows.len()];
            let edges = rows.iter().flat_map(|row| [row.0.saturating_sub(1), row.0, row.1, row.1.saturating_add(1)]);
            for probe in edges.chain([0, u32::MAX]).collect::<Vec<_>>() {
                let inside = (0..rows.len()).filter(|&row| (rows[row].0..=rows[row].1).contains(&probe));
                let best = inside.max_by_key(|&row| (rows[row].0, u32::MAX - rows[row].1, row));
                prop_assert_eq!(flat.ranges.get(probe), best.map_or(0, |row| rows[row].2), "{}", probe);
                if let Some(best) = best {
                    found[best] = true;
                }
            }
            for row in (0..rows.len()).filter(|&row| found[row]) {
                prop_assert!(flat.seen[row]);
            }
        }
    }
}

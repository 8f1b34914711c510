//! How a record falls into intervals. It is spread over the time it lasted, in proportion. What has passed at a moment is
//! rounded down, and an interval gets what passed between its ends: so nothing is lost or made, and two intervals
//! together get exactly what one of their length gets. A flow that is one flow counts where it ends.

use capturer::Timestamp;
use capturer::flow::FlowRecord;

use super::cells::Counters;

/// Longer than any exporter keeps a flow: clocks that are wrong must not smear a record over years.
const LONGEST: i64 = 7 * 86_400 * 1_000_000_000;

/// When a record's packets passed, in nanoseconds since the epoch: last not before first. What an exporter does not say
/// is when it came.
pub(super) fn lasted(record: &FlowRecord) -> (i64, i64) {
    let known = |time: Timestamp| (time != Timestamp::EPOCH).then_some(time.as_nanos());
    let last = known(record.last).or(known(record.first)).or(known(record.received)).unwrap_or(0);
    let first = known(record.first).unwrap_or(last);
    if first > last || last.saturating_sub(first) > LONGEST { (last, last) } else { (first, last) }
}

/// What of `all` had passed before `moment`.
fn passed(all: u64, (first, last): (i64, i64), moment: i64) -> u64 {
    if moment > last {
        return all;
    }
    let (so_far, whole) = (moment.saturating_sub(first).max(0), (last - first).max(1));
    (u128::from(all) * so_far as u128 / whole as u128) as u64
}

/// What of `all` passed from `begin` until before `end`.
pub(super) fn share(all: &Counters, lasted: (i64, i64), (begin, end): (i64, i64)) -> Counters {
    let between = |all| passed(all, lasted, end) - passed(all, lasted, begin);
    Counters { packets: between(all.packets), bytes: between(all.bytes), flows: between(all.flows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn whole(packets: u64, bytes: u64) -> Counters {
        Counters { packets, bytes, flows: 1 }
    }

    #[test]
    fn a_record_is_spread_over_the_time_it_lasted() {
        let lasted = (5 * SECOND, 25 * SECOND);
        let shares: Vec<_> = (0..3)
            .map(|at| share(&whole(3, 1000), lasted, (at * 10 * SECOND, (at + 1) * 10 * SECOND)))
            .collect();
        assert_eq!(shares.iter().map(|share| share.bytes).collect::<Vec<_>>(), [250, 500, 250]);
        assert_eq!(shares.iter().map(|share| share.flows).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(shares.iter().map(|share| share.packets).sum::<u64>(), 3);
    }

    #[test]
    fn one_moment_is_in_one_interval() {
        let at = 20 * SECOND;
        assert_eq!(share(&whole(1, 60), (at, at), (at, at + 10 * SECOND)), whole(1, 60));
        assert_eq!(share(&whole(1, 60), (at, at), (at - 10 * SECOND, at)), Counters::default());
    }

    #[test]
    fn times_that_cannot_be_are_a_moment() {
        let record = |first, last, received| FlowRecord {
            first: Timestamp::from_nanos(first),
            last: Timestamp::from_nanos(last),
            received: Timestamp::from_nanos(received),
            ..FlowRecord::empty()
        };
        assert_eq!(lasted(&record(5, 9, 0)), (5, 9));
        assert_eq!(lasted(&record(9, 5, 0)), (5, 5));
        assert_eq!(lasted(&record(0, 0, 7)), (7, 7));
        assert_eq!(lasted(&record(0, 6, 7)), (6, 6));
        assert_eq!(lasted(&record(1, LONGEST + 2, 0)), (LONGEST + 2, LONGEST + 2));
    }
}

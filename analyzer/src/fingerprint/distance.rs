//! How far away a host is: stacks begin with a round time to live, and each router takes one off.

/// Hops that a packet may have come; more are thought to be another initial value.
pub const FARTHEST: u8 = 35;

/// Hops from the next round initial value above: 32, 64, 128 or 255.
pub const fn guess(ttl: u8) -> u8 {
    let initial = match ttl {
        0..=32 => 32,
        33..=64 => 64,
        65..=128 => 128,
        _ => 255,
    };
    initial - ttl
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_counted_from_the_next_round_number() {
        assert_eq!([guess(32), guess(33), guess(64), guess(113), guess(243)], [0, 31, 0, 15, 12]);
    }
}

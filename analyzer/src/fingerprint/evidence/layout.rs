//! The order of TCP's options, for stacks that no signature fits: windows and scales are settings and change with releases, but
//! the order stands in the code of a kernel and has stayed for decades.

use super::EvidenceKind;
use super::clue::Force;
use crate::fingerprint::family::{Families, Family};

/// Kinds of options: end 0, nop 1, MSS 2, window scale 3, SACK permitted 4, timestamps 8.
static ORDERS: [(&[u8], Families, Force); 14] = [
    // Linux, as `tcp_options_write` has it; without scale where the buffer is small.
    (&[2, 4, 8, 1, 3], Families::LINUX, Force::Plain),
    (&[2, 4, 8], Families::LINUX, Force::Fair),
    // Without timestamps: that of Linux, and of Windows' answers to it.
    (&[2, 1, 1, 4, 1, 3], Families::LINUX, Force::Fair),
    (&[2, 1, 1, 8, 1, 3], Families::LINUX, Force::Faint),
    // Windows, with and without timestamps; XP without scale.
    (&[2, 1, 3, 1, 1, 4], Families::WINDOWS, Force::Fair),
    (&[2, 1, 3, 4, 8], Families::WINDOWS.or(Families::BSD), Force::Fair),
    (&[2, 1, 3, 1, 1, 8, 1, 1, 4], Families::WINDOWS, Force::Fair),
    (&[2, 1, 1, 4], Families::WINDOWS.or(Families::LINUX), Force::Faint),
    // macOS and iOS.
    (&[2, 1, 3, 1, 1, 8, 4, 0], Families::APPLE, Force::Plain),
    (&[2, 1, 3, 1, 1, 8, 4, 0, 0], Families::APPLE, Force::Plain),
    (&[2, 1, 3, 4, 0], Families::APPLE.or(Families::BSD), Force::Fair),
    // OpenBSD, NetBSD.
    (&[2, 1, 1, 4, 1, 3, 1, 1, 8], Families::BSD, Force::Plain),
    (&[2, 1, 3, 4, 1, 1, 8], Families::BSD, Force::Plain),
    // Solaris puts SACK first.
    (&[4, 8, 2, 1, 3], Families::of(&[Family::Solaris]), Force::Plain),
];

/// Whose order it is, given who may have sent the time to live: 128 makes an order that two share Windows'.
pub fn of(kind: EvidenceKind, kinds: &[u8], by_ttl: Families) -> Option<(Families, Force)> {
    let (_, families, force) = ORDERS.iter().find(|(order, ..)| *order == kinds)?;
    let both = families.and(by_ttl);
    // An answer holds what the question offered, in its own order.
    let force = if kind == EvidenceKind::SynAck { (*force).min(Force::Fair) } else { *force };
    if by_ttl.is_empty() {
        return Some((*families, force));
    }
    // An order with another's time to live is nobody's.
    (!both.is_empty()).then_some((both, force))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_and_a_time_to_live_must_go_together() {
        let of = |kinds: &[u8], ttl| of(EvidenceKind::Syn, kinds, ttl).map(|(families, _)| families);
        let of_64 = Families::UNIX;
        assert_eq!(of(&[2, 4, 8, 1, 3], of_64), Some(Families::LINUX));
        assert_eq!(of(&[2, 4, 8, 1, 3], Families::WINDOWS), None);
        assert_eq!(of(&[2, 1, 3, 4, 8], Families::WINDOWS), Some(Families::WINDOWS));
        assert_eq!(of(&[2, 1, 3, 4, 8], of_64), Some(Families::BSD));
        assert_eq!(of(&[9], of_64), None);
    }
}

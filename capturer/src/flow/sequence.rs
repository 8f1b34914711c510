//! Sequence numbers: what is missing between two datagrams was lost on the way. They count flows (v5, v7), datagrams (v9,
//! sFlow) or records (IPFIX), 32 bits wide.

/// A gap beyond this is no loss: the numbers began anew, or somebody lies.
const MOST_LOST: u32 = 1 << 20;

/// The numbers of one domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    /// The number that should come next.
    next: Option<u32>,
}

/// What a datagram's number tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is the one that was to come, or the first.
    Next,
    /// So many are missing before it.
    Gap(u32),
    /// It is one that was missing, with so many.
    Late(u32),
    /// It has nothing to do with those before.
    Restart,
}

impl Sequence {
    /// Whatever comes next is the next.
    pub(super) const fn forget(&mut self) {
        self.next = None;
    }

    /// A datagram with number `at` and `count` of what is numbered.
    pub(super) fn step(&mut self, at: u32, count: u32) -> Step {
        let after = at.wrapping_add(count);
        let Some(next) = self.next.replace(after) else { return Step::Next };
        let (ahead, behind) = (at.wrapping_sub(next), next.wrapping_sub(at));
        match (ahead, behind) {
            (0, _) => Step::Next,
            (1..=MOST_LOST, _) => Step::Gap(ahead),
            (_, 1..=MOST_LOST) if at != 0 && behind >= count => {
                self.next = Some(next);
                Step::Late(count)
            }
            _ => Step::Restart,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_lost_unless_it_comes_late() {
        let mut sequence = Sequence::default();
        let steps = [(10, 5), (15, 5), (25, 5), (20, 5), (30, 1)].map(|(at, count)| sequence.step(at, count));
        assert_eq!(steps, [Step::Next, Step::Next, Step::Gap(5), Step::Late(5), Step::Next]);
    }

    #[test]
    fn numbers_wrap_and_begin_anew() {
        let mut sequence = Sequence::default();
        sequence.step(u32::MAX, 2);
        assert_eq!(sequence.step(1, 1), Step::Next);
        assert_eq!(sequence.step(0x7fff_ffff, 1), Step::Restart);
        assert_eq!(sequence.step(0, 1), Step::Restart);
        assert_eq!(sequence.step(1, 1), Step::Next);
    }
}

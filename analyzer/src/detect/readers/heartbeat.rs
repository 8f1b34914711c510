//! TLS heartbeats that are not encrypted (RFC 6520), among the records of a segment.

/// A heartbeat record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Whether it asks; else it answers.
    pub asks: bool,
    /// Length of the payload that it says it has.
    pub declared: u16,
    /// Length of the record.
    pub record: u16,
}

impl Heartbeat {
    /// Whether it says more than it has: type, length and 16 bytes of padding have to fit beside the payload.
    pub fn lies(&self) -> bool {
        u32::from(self.declared) + 19 > u32::from(self.record)
    }
}

const HEARTBEAT: u8 = 24;

/// Records looked at in one segment.
const MOST_RECORDS: usize = 8;

/// The first heartbeat among the records of a segment that begins with one.
pub fn read(payload: &[u8]) -> Option<Heartbeat> {
    let mut rest = payload;
    for _ in 0..MOST_RECORDS {
        let [kind, 3, 0..=4, high, low, content @ ..] = rest else { return None };
        let record = u16::from_be_bytes([*high, *low]);
        if *kind == HEARTBEAT {
            let [asks @ 1..=2, high, low, ..] = content else { return None };
            let declared = u16::from_be_bytes([*high, *low]);
            return Some(Heartbeat { asks: *asks == 1, declared, record });
        }
        rest = content.get(usize::from(record)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_says_more_than_there_is_lies() {
        let honest = [&[24, 3, 3, 0, 35, 1, 0, 16][..], &[0; 32]].concat();
        assert!(!read(&honest).unwrap().lies());
        let lies = read(&[22, 3, 3, 0, 1, 9, 24, 3, 2, 0, 3, 1, 0x40, 0]).unwrap();
        assert!(lies.lies() && lies.asks);
        assert_eq!(read(&[24, 3, 3, 0, 3, 77, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..100), kind in 20u8..26) {
            for bytes in [&bytes[..], &[&[kind, 3, 1], &bytes[..]].concat()] {
                if let Some(heartbeat) = read(bytes) {
                    heartbeat.lies();
                }
            }
        }
    }
}

//! Geneve (RFC 8926): options of a given length, and an EtherType.

use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use super::{Test, ethernet};
use crate::Packet;

/// Transparent Ethernet bridging.
const ETHERNET: u16 = 0x6558;
/// Version, in the upper bits of the first byte; the others are the options' length in words.
const VERSION: u8 = 0xc0;
const OPTIONS_LEN: u8 = 0x3f;

/// There is version 0 only.
pub(super) const ACCEPTS: Test = |_, payload| payload.first().is_some_and(|first| first & VERSION == 0);

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<8>()?;
    reader.link_skip(usize::from(header[0] & OPTIONS_LEN) * 4)?;
    match u16_at(header, 2) {
        ETHERNET => ethernet(reader, packet),
        number => Ok(EtherType(number)),
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, UDP6};
    use crate::decode::tunnel::tests::{ETHERNET, over_udp, through};

    #[test]
    fn options_are_stepped_over() {
        for words in [0, 3] {
            let header = [words, 0, 0x65, 0x58, 0, 0, 7, 0];
            let bytes = over_udp(6081, &[&header, &vec![9; usize::from(words) * 4], &ETHERNET, &UDP4]);
            let (name, packet) = through(&bytes).unwrap();
            assert_eq!((name, packet.network_offset), ("geneve", 50 + u16::from(words) * 4));
        }
    }

    #[test]
    fn ip_may_follow_at_once() {
        let bytes = over_udp(6081, &[&[0, 0, 0x86, 0xdd, 0, 0, 7, 0], &UDP6]);
        assert_eq!(through(&bytes).unwrap().1.network_offset, 36);
        assert!(through(&over_udp(6081, &[&[0x40, 0, 0x86, 0xdd, 0, 0, 7, 0], &UDP6])).is_none());
    }
}

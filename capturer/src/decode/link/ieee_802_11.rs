//! IEEE 802.11: data frames in the clear, whose payload is LLC. Encrypted ones, and those that manage and control,
//! carry nothing to be read.

use super::super::reader::mac_at;
use super::super::{EtherType, Reader, Skip};
use super::llc;
use crate::Packet;

/// Type 2 (data) with protocol version 0, of the frame control's first byte.
const DATA: u8 = 0x08;
const TYPE_AND_VERSION: u8 = 0x0f;
/// Subtype bits: no data; a QoS control field.
const NULL: u8 = 0x40;
const QOS: u8 = 0x80;
/// Flags, the frame control's second byte.
const TO_DISTRIBUTION: u8 = 0x01;
const FROM_DISTRIBUTION: u8 = 0x02;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;
/// In a QoS control field: several frames follow, each with a header of its own.
const AGGREGATE: u8 = 0x80;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let &[kind, flags] = reader.link_header::<2>()?;
    if kind & (TYPE_AND_VERSION | NULL) != DATA || flags & PROTECTED != 0 {
        return Ok(EtherType::NONE);
    }
    addresses(flags, reader, packet)?;
    if kind & QOS != 0 && quality(flags, reader)? & AGGREGATE != 0 {
        return Ok(EtherType::NONE);
    }
    llc::decode(reader)
}

/// Duration, addresses and sequence control; which address is whose is said by the way to or from the distribution
/// system (IEEE 802.11-2020 §9.3.2.1.2).
fn addresses(flags: u8, reader: &mut Reader<'_>, packet: &mut Packet) -> Result<(), Skip> {
    let header = reader.link_header::<22>()?;
    let (first, second, third) = (mac_at(header, 2), mac_at(header, 8), mac_at(header, 14));
    let to = flags & TO_DISTRIBUTION != 0;
    packet.destination_mac = if to { third } else { first };
    packet.source_mac = match flags & FROM_DISTRIBUTION != 0 {
        true if to => mac_at(reader.link_header::<6>()?, 0),
        true => third,
        false => second,
    };
    Ok(())
}

/// The first byte of QoS control; a high-throughput control field may follow.
fn quality(flags: u8, reader: &mut Reader<'_>) -> Result<u8, Skip> {
    let &[first, _] = reader.link_header::<2>()?;
    if flags & ORDER != 0 {
        reader.link_skip(4)?;
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, Mac, SkipReason};

    const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    /// A data frame with addresses 1, 2, 3 of one byte repeated, and what follows sequence control.
    fn data(kind: u8, flags: u8, rest: &[u8]) -> Result<Packet, Skip> {
        let addresses = [[1; 6], [2; 6], [3; 6]].concat();
        let parts = [&[kind, flags, 0, 0][..], &addresses, &[0, 0], rest, &SNAP, &UDP4];
        decode_as(LinkType::IEEE_802_11, &parts)
    }

    #[test]
    fn ends_are_told_by_the_way_through_the_distribution_system() {
        let ends = |flags, rest| data(DATA, flags, rest).map(|p| (p.source_mac, p.destination_mac)).unwrap();
        let [one, two, three, four] = [1, 2, 3, 4].map(|n| Mac([n; 6]));
        assert_eq!(ends(0, &[]), (two, one));
        assert_eq!(ends(TO_DISTRIBUTION, &[]), (two, three));
        assert_eq!(ends(FROM_DISTRIBUTION, &[]), (three, one));
        assert_eq!(ends(TO_DISTRIBUTION | FROM_DISTRIBUTION, &[4; 6]), (four, three));
    }

    #[test]
    fn control_fields_are_stepped_over() {
        assert_eq!(data(DATA | QOS, 0, &[0, 0]).unwrap().payload_offset, 62);
        assert_eq!(data(DATA | QOS, ORDER, &[0; 6]).unwrap().payload_offset, 66);
    }

    #[test]
    fn frames_that_cannot_be_read_are_not_ip() {
        let unreadable = [
            data(DATA, PROTECTED, &[]),
            data(DATA | NULL, 0, &[]),
            data(0x80, 0, &[]),
            data(DATA | QOS, 0, &[AGGREGATE, 0]),
        ];
        for answer in unreadable {
            assert_eq!(answer.unwrap_err().reason, SkipReason::NonIp);
        }
    }
}

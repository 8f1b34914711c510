//! EtherIP (RFC 3378): an Ethernet frame behind two bytes.

use super::super::{EtherType, Reader, Skip};
use super::{Test, ethernet};
use crate::Packet;

/// Version 3, and twelve bits that are zero.
const HEADER: [u8; 2] = [0x30, 0];

pub(super) const ACCEPTS: Test = |_, payload| payload.starts_with(&HEADER);

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<2>()?;
    ethernet(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, carrying};
    use crate::decode::tunnel::tests::{ETHERNET, through};

    #[test]
    fn the_frame_begins_behind_two_bytes() {
        let (name, packet) = through(&carrying(97, &[&[0x30, 0][..], &ETHERNET, &UDP4].concat())).unwrap();
        assert_eq!((name, packet.network_offset), ("etherip", 36));
        assert!(through(&carrying(97, &[&[0x20, 0][..], &ETHERNET, &UDP4].concat())).is_none());
    }
}

//! Label stacks in IP (RFC 4023) and in UDP (RFC 7510).

use super::super::{EtherType, Reader, Skip};
use crate::Packet;

pub(super) fn decode(_: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(EtherType::MPLS)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, carrying};
    use crate::decode::tunnel::tests::{over_udp, through};

    #[test]
    fn labels_begin_at_once() {
        let (name, packet) = through(&carrying(137, &[&[0, 1, 1, 64][..], &UDP4].concat())).unwrap();
        assert_eq!((name, packet.network_offset), ("mpls-in-ip", 24));
        let (name, packet) = through(&over_udp(6635, &[&[0, 1, 1, 64], &UDP4])).unwrap();
        assert_eq!((name, packet.network_offset), ("mpls-in-udp", 32));
    }
}

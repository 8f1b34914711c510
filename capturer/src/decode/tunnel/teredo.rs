//! Teredo (RFC 4380): IPv6 in UDP behind address translators, with two headers that may come first.

use super::super::{EtherType, Reader, Skip};
use super::Test;
use crate::Packet;

/// RFC 4380 §5.1.1: what the first two bytes of such a header are.
const ORIGIN: [u8; 2] = [0, 0];
const AUTHENTICATION: [u8; 2] = [0, 1];
/// Port and address, obfuscated.
const ORIGIN_LEN: usize = 6;
/// Nonce and confirmation, behind the identifier and the value.
const NONCE_LEN: usize = 9;

pub(super) const ACCEPTS: Test = |_, payload| {
    payload.starts_with(&ORIGIN)
        || payload.starts_with(&AUTHENTICATION)
        || payload.first().is_some_and(|first| first >> 4 == 6)
};

pub(super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    if reader.rest().starts_with(&AUTHENTICATION) {
        let &[_, _, identifier_len, value_len] = reader.link_header::<4>()?;
        reader.link_skip(usize::from(identifier_len) + usize::from(value_len) + NONCE_LEN)?;
    }
    if reader.rest().starts_with(&ORIGIN) {
        reader.link_skip(ORIGIN.len() + ORIGIN_LEN)?;
    }
    Ok(EtherType::IPV6)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::UDP6;
    use crate::decode::tunnel::tests::{over_udp, through};

    #[test]
    fn indications_before_the_packet_are_stepped_over() {
        let origin = [0, 0, 1, 2, 3, 4, 5, 6];
        let authentication = [0, 1, 1, 2, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        for (parts, len) in [
            (vec![], 0),
            (vec![&origin[..]], 8),
            (vec![&authentication[..]], 16),
            (vec![&authentication, &origin], 24),
        ] {
            let (name, packet) = through(&over_udp(3544, &[&parts.concat(), &UDP6])).unwrap();
            assert_eq!((name, packet.network_offset), ("teredo", 28 + len));
        }
    }

    #[test]
    fn a_bubble_without_a_packet_is_none() {
        assert!(through(&over_udp(3544, &[&[0, 1, 255, 255]])).is_none());
    }
}

//! Tunnels that encrypt: recognised by their first bytes, never looked into. IPsec (RFC 4303, RFC 3948, RFC 7296),
//! WireGuard (<https://www.wireguard.com/protocol>), OpenVPN
//! (<https://openvpn.net/community-docs/openvpn-protocol.html>).

use super::Test;

/// WireGuard's messages of a handshake: type and length in bytes.
const WIREGUARD_HANDSHAKE: [(u8, usize); 3] = [(1, 148), (2, 92), (3, 64)];
/// Its data: type, and the shortest message.
const WIREGUARD_DATA: (u8, usize) = (4, 32);
/// OpenVPN's operation codes, in the upper five bits.
const OPENVPN_OPERATIONS: std::ops::RangeInclusive<u8> = 1..=11;
/// The shortest OpenVPN message: operation and peer, identifier of a packet, some ciphertext.
const OPENVPN_MIN_LEN: usize = 14;

/// Behind the port of RFC 3948, ESP begins with its index, which is not zero; keep-alives are one byte.
pub(super) const ESP_IN_UDP: Test =
    |_, payload| payload.first_chunk::<8>().is_some_and(|header| header[..4] != [0; 4]);

/// The key exchange comes behind four zero bytes at the port of RFC 3948, and at its own port at once: its version is 1
/// or 2, 17 bytes from its beginning.
pub(super) const IKE: Test = |_, payload| {
    let exchange = payload.strip_prefix(&[0; 4]).unwrap_or(payload);
    exchange.len() >= 28 && matches!(exchange[17] >> 4, 1 | 2)
};

pub(super) const WIREGUARD: Test = |_, payload| match payload {
    [kind, 0, 0, 0, ..] => {
        WIREGUARD_HANDSHAKE.contains(&(*kind, payload.len()))
            || (*kind == WIREGUARD_DATA.0 && payload.len() >= WIREGUARD_DATA.1 && payload.len() % 16 == 0)
    }
    _ => false,
};

pub(super) const OPENVPN: Test =
    |_, payload| payload.len() >= OPENVPN_MIN_LEN && OPENVPN_OPERATIONS.contains(&(payload[0] >> 3));

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{carrying, frame};
    use crate::decode::tunnel::tests::{over_udp, through};
    use crate::decode::{decode, tunnel};

    fn name(bytes: &[u8]) -> Option<&'static str> {
        let packet = decode(&frame(LinkType::RAW, bytes)).unwrap();
        assert!(packet.facts.is_empty() && through(bytes).is_none());
        tunnel::of(&packet, bytes).map(|tunnel| tunnel.name)
    }

    #[test]
    fn ipsec_is_recognised() {
        assert_eq!(name(&carrying(50, &[7; 40])), Some("esp"));
        assert_eq!(name(&over_udp(4500, &[&[7; 40]])), Some("esp-in-udp"));
        let mut exchange = [7; 28];
        exchange[17] = 0x20;
        assert_eq!(name(&over_udp(500, &[&exchange])), Some("ike"));
        assert_eq!(name(&over_udp(4500, &[&[0; 4], &exchange])), Some("ike"));
        assert_eq!(name(&over_udp(4500, &[&[0xff]])), None);
    }

    #[test]
    fn wireguard_is_recognised_by_type_and_length() {
        for (kind, len) in [(1, 148), (2, 92), (3, 64), (4, 32), (4, 112)] {
            let mut message = vec![0x55; len];
            message[..4].copy_from_slice(&[kind, 0, 0, 0]);
            assert_eq!(name(&over_udp(51820, &[&message])), Some("wireguard"), "{kind}");
            assert_eq!(name(&over_udp(51820, &[&message[1..]])), None, "{kind}");
        }
    }

    #[test]
    fn openvpn_is_recognised() {
        assert_eq!(name(&over_udp(1194, &[&[0x38; 14]])), Some("openvpn"));
        assert_eq!(name(&over_udp(1194, &[&[0x38; 13]])), None);
        assert_eq!(name(&over_udp(1194, &[&[0xff; 14]])), None);
    }
}

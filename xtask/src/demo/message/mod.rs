//! Application messages, as far as somebody looks into them: names, versions, identifiers; the rest is zeros.

pub mod bittorrent;
pub mod dhcp;
pub mod dns;
pub mod smb;
pub mod tls;

/// An NTP packet of version 4 (RFC 5905, section 7.3): `mode` 3 asks and 4 answers; times in whole seconds since 1900.
pub fn ntp(mode: u8, stratum: u8, seconds: u32) -> [u8; 48] {
    let mut packet = [0; 48];
    packet[0] = 4 << 3 | mode;
    packet[1] = stratum;
    packet[2] = 6;
    packet[3] = 0xe8;
    for place in [16, 24, 32, 40] {
        let known = mode == 4 || place == 40;
        packet[place..place + 4].copy_from_slice(&if known { seconds.to_be_bytes() } else { [0; 4] });
    }
    packet
}

/// The fixed header of an RTP packet (RFC 3550, section 5.1).
pub fn rtp(kind: u8, sequence: u16, (time, source): (u32, u32)) -> [u8; 12] {
    let mut header = [0; 12];
    header[0] = 0x80;
    header[1] = kind;
    header[2..4].copy_from_slice(&sequence.to_be_bytes());
    header[4..8].copy_from_slice(&time.to_be_bytes());
    header[8..].copy_from_slice(&source.to_be_bytes());
    header
}

/// A STUN binding request without attributes (RFC 8489, section 5).
pub fn stun_request(transaction: [u8; 12]) -> [u8; 20] {
    let mut message = [0; 20];
    message[..8].copy_from_slice(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
    message[8..].copy_from_slice(&transaction);
    message
}

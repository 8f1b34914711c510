//! SYN and SYN+ACK segments with any options: each has a signature that is read as it was written, and that finds the same
//! segment again when it is put into a signature file.
//!
//! Input: fields of both headers, then the options, which are filled up to whole words. This body needs the analyzer, so it
//! stands outside of `lib.rs`; `analyzer/tests/fingerprints_fuzz.rs` feeds it.

use analyzer::fingerprint::{Fit, RawSignature, TcpPattern, TcpPrint, Window};
use capturer::decode::decode;
use capturer::{Frame, LinkType, Timestamp};

/// Bytes of an input before the options.
const FIELDS: usize = 12;

/// Bytes of options at most.
const ROOM: usize = 40;

/// One input.
pub fn run(input: &[u8]) {
    let Some((fields, options)) = input.split_first_chunk::<FIELDS>() else { return };
    let is_ipv6 = fields[0] & 1 != 0;
    let packet = packet(fields, options, is_ipv6);
    let link = if is_ipv6 { LinkType::IPV6 } else { LinkType::IPV4 };
    let frame =
        Frame { number: 1, at: Timestamp::EPOCH, wire_len: packet.len() as u32, link, bytes: &packet };
    let decoded = decode(&frame).expect("both headers are whole");
    let print = TcpPrint::of(&decoded, &packet).expect("the options are there");
    let peer = u16::from_be_bytes([fields[10], fields[11]]);
    let signature = print.signature(peer);
    assert_eq!(signature.to_string().parse::<RawSignature>().as_ref(), Ok(&signature));
    if signature.distance.is_some() && print.ttl > 0 {
        let pattern: TcpPattern = signature.to_string().parse().expect("a signature can be put into a file");
        assert_eq!(pattern.fit(&print, Window::of(&print, peer)), Some(Fit::Exact), "{signature}");
    }
    for cut in 0..packet.len() {
        TcpPrint::of(&decoded, &packet[..cut]);
    }
}

fn packet(fields: &[u8; FIELDS], options: &[u8], is_ipv6: bool) -> Vec<u8> {
    let segment = segment(fields, &options[..options.len().min(ROOM)]);
    let len = segment.len() as u16;
    let mut packet = if is_ipv6 {
        let mut packet = vec![0x60, fields[1], fields[2], fields[3]];
        packet.extend(len.to_be_bytes());
        packet.extend([6, fields[4]]);
        packet.extend([0x20; 32]);
        packet
    } else {
        let mut packet = vec![0x45, fields[1]];
        packet.extend((len + 20).to_be_bytes());
        packet.extend([fields[2], fields[3], fields[5] & 0xc0, 0, fields[4], 6, 0, 0]);
        packet.extend([192, 0, 2, 1, 198, 51, 100, 1]);
        packet
    };
    packet.extend(segment);
    packet
}

fn segment(fields: &[u8; FIELDS], options: &[u8]) -> Vec<u8> {
    let words = options.len().div_ceil(4);
    let syn = if fields[0] & 2 == 0 { 2 } else { 0x12 };
    let mut tcp = vec![0x9c, 0x40, 0, 80, 0, 0, 0, fields[5] & 1, 0, 0, 0, fields[5] & 2];
    tcp.extend([((5 + words) as u8) << 4, syn | fields[6] & 0xe8]);
    tcp.extend([fields[7], fields[8], 0, 0, 0, fields[9]]);
    tcp.extend(options);
    tcp.resize(20 + words * 4, 0);
    tcp.extend((fields[0] & 4 != 0).then_some(b'x'));
    tcp
}

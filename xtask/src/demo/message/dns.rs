//! DNS messages (RFC 1035, section 4), also as mDNS carries them (RFC 6762).

use std::net::IpAddr;

/// A TXT record.
pub const TXT: u16 = 16;
/// A pointer record.
pub const PTR: u16 = 12;
const A: u16 = 1;
const AAAA: u16 = 28;

/// The type that asks for an address of this family.
pub const fn address_type(v6: bool) -> u16 {
    if v6 { AAAA } else { A }
}

/// A question with recursion desired.
pub fn question(id: u16, name: &str, kind: u16) -> Vec<u8> {
    message(id, 0x0100, (name, kind), &[])
}

/// An answer with these addresses; none is an empty one.
pub fn addresses(id: u16, name: &str, kind: u16, addresses: &[IpAddr]) -> Vec<u8> {
    let records: Vec<Vec<u8>> = addresses
        .iter()
        .map(|address| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        })
        .collect();
    message(id, 0x8180, (name, kind), &records)
}

/// An answer with one TXT string.
pub fn text(id: u16, name: &str, text: &[u8]) -> Vec<u8> {
    let mut record = vec![text.len() as u8];
    record.extend(text);
    message(id, 0x8180, (name, TXT), &[record])
}

/// A question on the link (RFC 6762): no id, no recursion.
pub fn local_question(name: &str) -> Vec<u8> {
    message(0, 0, (name, PTR), &[])
}

fn message(id: u16, flags: u16, (name, kind): (&str, u16), records: &[Vec<u8>]) -> Vec<u8> {
    let mut message = Vec::with_capacity(64 + name.len());
    for word in [id, flags, 1, records.len() as u16, 0, 0] {
        message.extend(word.to_be_bytes());
    }
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    for record in records {
        message.extend([0xc0, 12]); // the question's name
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 1, 44]); // IN, 300 seconds
        message.extend((record.len() as u16).to_be_bytes());
        message.extend(record);
    }
    message
}

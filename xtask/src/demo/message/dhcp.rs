//! DHCP (RFC 2131, options of RFC 2132): a client that asks for its address again and the server that grants it.

use std::net::Ipv4Addr;

use crate::craft::frame::Mac;

/// Wants this address.
pub const REQUEST: u8 = 3;
/// May have it.
pub const ACK: u8 = 5;

/// The fixed part, bytes.
const FIXED: usize = 236;

/// A message of a client.
pub fn message(
    kind: u8,
    (transaction, mac): (u32, Mac),
    (address, server): (Ipv4Addr, Ipv4Addr),
    name: &str,
) -> Vec<u8> {
    let mut message = vec![0; FIXED];
    message[..4].copy_from_slice(&[if kind == ACK { 2 } else { 1 }, 1, 6, 0]);
    message[4..8].copy_from_slice(&transaction.to_be_bytes());
    if kind == ACK {
        message[16..20].copy_from_slice(&address.octets());
    }
    message[28..34].copy_from_slice(&mac);
    message.extend([0x63, 0x82, 0x53, 0x63]);
    message.extend([53, 1, kind]);
    message.extend(if kind == ACK { server_options(server) } else { client_options(address, name) });
    message.push(255);
    message.resize(message.len().max(300), 0);
    message
}

fn client_options(address: Ipv4Addr, name: &str) -> Vec<u8> {
    let mut options = vec![50, 4];
    options.extend(address.octets());
    options.extend([12, name.len() as u8]);
    options.extend(name.as_bytes());
    options.extend([55, 7, 1, 3, 6, 15, 26, 28, 51]);
    options
}

fn server_options(server: Ipv4Addr) -> Vec<u8> {
    let mut options = vec![51, 4, 0, 1, 0x51, 0x80, 1, 4, 255, 255, 255, 0];
    for code in [54, 3, 6] {
        options.extend([code, 4]);
        options.extend(server.octets());
    }
    options
}

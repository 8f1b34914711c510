//! BitTorrent: DHT messages (BEP 5) and the handshake between peers (BEP 3).

use crate::craft::random::Random;

/// Asks who is near an identifier.
pub fn find_node(random: &mut Random) -> Vec<u8> {
    let mut message = b"d1:ad2:id20:".to_vec();
    message.extend(random.bytes::<20>());
    message.extend(b"6:target20:");
    message.extend(random.bytes::<20>());
    message.extend(b"e1:q9:find_node1:t2:");
    message.extend(random.bytes::<2>());
    message.extend(b"1:y1:qe");
    message
}

/// The answer's head, and its whole length: eight nodes of 26 bytes follow.
pub fn nodes(random: &mut Random) -> (Vec<u8>, usize) {
    let mut message = b"d1:rd2:id20:".to_vec();
    message.extend(random.bytes::<20>());
    message.extend(b"5:nodes208:");
    message.extend(random.bytes::<4>());
    (message, 43 + 208 + 14)
}

/// What a peer says first.
pub fn handshake(random: &mut Random) -> Vec<u8> {
    let mut message = vec![19];
    message.extend(b"BitTorrent protocol");
    message.extend([0, 0, 0, 0, 0, 0x10, 0, 5]);
    message.extend(random.bytes::<20>());
    message.extend(b"-DE0001-");
    message.extend(random.bytes::<12>());
    message
}

/// The head of a piece of 16 kB.
pub fn piece(random: &mut Random) -> Vec<u8> {
    let mut message = vec![0, 0, 0x40, 0x09, 7];
    message.extend((random.below(2000) as u32).to_be_bytes());
    message.extend([0; 4]);
    message
}

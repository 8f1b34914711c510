//! Which protocol a datagram speaks, told by what is in it: exports have no port of their own that everybody keeps to.

use super::cursor::Cursor;
use super::netflow::fixed::{V1, V5, V7};
use super::sflow;

/// Headers of v9 and IPFIX.
const V9_HEADER: usize = 20;
const IPFIX_HEADER: usize = 16;

/// Whether a datagram is an export from its first byte to its last: lengths and counts agree all through it. So
/// nothing else passes for one but by a chance that lengths make small.
pub fn is_export(datagram: &[u8]) -> bool {
    let Some((first, _)) = datagram.split_first_chunk::<2>() else { return false };
    match u16::from_be_bytes(*first) {
        1 => V1.count(datagram).is_some(),
        5 => V5.count(datagram).is_some(),
        7 => V7.count(datagram).is_some(),
        9 => datagram.len() > V9_HEADER && are_sets(&datagram[V9_HEADER..], &[0, 1]),
        10 => {
            let says =
                datagram.get(2..4).map(|length| usize::from(u16::from_be_bytes([length[0], length[1]])));
            says == Some(datagram.len())
                && datagram.len() > IPFIX_HEADER
                && are_sets(&datagram[IPFIX_HEADER..], &[2, 3])
        }
        0 => is_sflow(datagram),
        _ => false,
    }
}

fn are_sets(bytes: &[u8], reserved: &[u16]) -> bool {
    let mut cursor = Cursor::new(bytes);
    while let (Some(id), Some(length)) = (cursor.u16(), cursor.u16()) {
        let known = id >= 256 || reserved.contains(&id);
        let whole = usize::from(length).checked_sub(4).and_then(|length| cursor.bytes(length));
        if !known || whole.is_none() {
            return false;
        }
    }
    cursor.len() < 4
}

fn is_sflow(datagram: &[u8]) -> bool {
    let mut cursor = Cursor::new(datagram);
    let Some(header) = sflow::header(&mut cursor) else { return false };
    // Bytes behind the last sample are somebody's mistake, and do no harm.
    header.samples > 0 && (0..header.samples).all(|_| sflow::next(&mut cursor).is_some())
}

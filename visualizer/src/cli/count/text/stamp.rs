//! What tcpdump prints before a packet: its number (`-#`), time (none with `-t`, else clock, epoch, difference, date and
//! clock), and with `-i any` the interface and direction.

use super::cursor::Cursor;

/// How `-i any` names directions: to us, from us, broadcast, multicast, somebody else's.
const DIRECTIONS: [&[u8]; 5] = [b"In", b"Out", b"B", b"M", b"P"];

/// A number, a date and a clock are the most that stand in a row.
const STAMPS: usize = 3;

/// Passes over numbers and times, interface and direction.
pub(super) fn skip(at: &mut Cursor<'_>) {
    for _ in 0..STAMPS {
        if !is_stamp(at.peek()) {
            break;
        }
        at.token();
    }
    interface(at);
    if at.peek() == b"ifindex" {
        at.token();
        at.token();
    }
}

fn interface(at: &mut Cursor<'_>) {
    if DIRECTIONS.contains(&at.peek()) {
        at.token();
        return;
    }
    let mut ahead = at.clone();
    ahead.token();
    // One foreign word before the protocol is a time in a form of somebody's own.
    if DIRECTIONS.contains(&ahead.peek()) {
        ahead.token();
        *at = ahead;
    } else if is_keyword(ahead.peek()) && !is_keyword(at.peek()) {
        *at = ahead;
    }
}

/// Whether a word says that a packet of IP follows.
pub(super) fn is_keyword(word: &[u8]) -> bool {
    matches!(word, b"IP" | b"IP6")
}

/// Digits, with at most one dot, and two single colons if any, or the dashes of a date: no address looks so.
pub(super) fn is_stamp(word: &[u8]) -> bool {
    let (mut dots, mut colons, mut before) = (0, 0, b':');
    for byte in word {
        match byte {
            b'0'..=b'9' | b'-' => {}
            b'.' => dots += 1,
            b':' if before != b':' => colons += 1,
            _ => return false,
        }
        before = *byte;
    }
    dots <= 1 && matches!(colons, 0 | 2) && before.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_addresses() {
        for stamp in [
            "12:00:00.000001",
            "1748347200.000001",
            "00:00:00.000001",
            "2025-05-27",
            "-0.000004",
            "17",
            "12:00:00",
        ] {
            assert!(is_stamp(stamp.as_bytes()), "{stamp}");
        }
        for other in [
            "192.0.2.1.443",
            "2001::1",
            "2001:db8::2.443",
            "1:2:3:4:5:6:7:8",
            "IP",
            "",
            "::1",
            "10.0.0.1",
            "12:00:",
        ] {
            assert!(!is_stamp(other.as_bytes()), "{other}");
        }
    }
}

//! Numbers and addresses as filters write them: decimal, `0x…` and `0…` octal (as C and libpcap read them),
//! dotted IPv4 addresses with 1 to 4 parts, hardware addresses in the notations pcap-filter(7) lists.

use crate::Mac;

/// A 32-bit number; `None` when it is none or does not fit.
pub(super) fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}

/// Whether the text can only have been meant as a number.
pub(super) fn is_numeric(text: &str) -> bool {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let all = |digits: &str, ok: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|b| ok(&b));
    all(text, u8::is_ascii_digit) || hexadecimal.is_some_and(|digits| all(digits, u8::is_ascii_hexdigit))
}

/// The parts of a dotted address (`192.168` has two), moved to the top of 32 bits, and how many bits they are.
pub(super) fn dotted(text: &str) -> Option<(u32, u8)> {
    let mut address = 0;
    let mut bits = 0;
    for part in text.split('.') {
        if bits == 32 || !is_numeric(part) {
            return None;
        }
        address = address << 8 | u32::from(u8::try_from(number(part)?).ok()?);
        bits += 8;
    }
    Some((address << (32 - bits), bits))
}

/// A hardware address: six groups of one or two digits, three of four, or twelve digits.
pub(super) fn mac_from_text(text: &str) -> Option<Mac> {
    let groups: Vec<&str> = text.split([':', '-', '.']).collect();
    let hexadecimal = text.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'-' | b'.'));
    let digits = match groups.as_slice() {
        _ if !hexadecimal => return None,
        [all] if all.len() == 12 => (*all).to_owned(),
        [a, b, c] if [a, b, c].iter().all(|g| g.len() == 4) => groups.concat(),
        six if six.len() == 6 && six.iter().all(|g| matches!(g.len(), 1 | 2)) => {
            six.iter().map(|g| format!("{g:0>2}")).collect()
        }
        _ => return None,
    };
    let value = u64::from_str_radix(&digits, 16).ok()?;
    let [_, _, mac @ ..] = value.to_be_bytes();
    Some(Mac(mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        assert_eq!(["80", "0x50", "0120", "0"].map(number), [Some(80), Some(80), Some(80), Some(0)]);
        assert_eq!(["", "4294967296", "08", "1M", "+1", "0x"].map(number), [None; 6]);
    }

    #[test]
    fn short_addresses_fill_from_the_left() {
        assert_eq!(dotted("192.168"), Some((0xc0a8_0000, 16)));
        assert_eq!(dotted("10"), Some((0x0a00_0000, 8)));
        assert_eq!(dotted("1.2.3.4"), Some((0x0102_0304, 32)));
        assert_eq!(["1.2.3.4.5", "1.2.3.256", "1..2", "a.b"].map(dotted), [None; 4]);
    }

    #[test]
    fn every_notation_of_a_hardware_address_is_read() {
        let expected = Some(Mac([0, 0x11, 0x22, 0x33, 0x44, 5]));
        for text in
            ["00:11:22:33:44:05", "0:11:22:33:44:5", "00-11-22-33-44-05", "0011.2233.4405", "001122334405"]
        {
            assert_eq!(mac_from_text(text), expected, "{text}");
        }
        assert_eq!(mac_from_text("00:11:22:33:44"), None);
    }
}

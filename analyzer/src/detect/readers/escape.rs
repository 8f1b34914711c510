//! Takes the wrapping off what attackers wrap: percent-encoding once and twice, overlong UTF-8, and lookups within lookups
//! (`${lower:j}`, `${::-j}`), by which filters are passed. Everything becomes lower case.

/// Lookups open at a time.
const DEEPEST: usize = 16;

/// How often percent-encoding is taken off.
const ROUNDS: usize = 3;

/// Writes to `out` what `bytes` say without percent-encoding, in lower case, with blanks for plus signs.
pub fn plain(bytes: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend(bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { byte.to_ascii_lowercase() }));
    for _ in 0..ROUNDS {
        if !unescape(out) {
            return;
        }
    }
}

/// Takes percent-encoding off once, in place; `false` if there was none.
fn unescape(bytes: &mut Vec<u8>) -> bool {
    let (mut from, mut to) = (0, 0);
    while let Some(&byte) = bytes.get(from) {
        let (byte, length) = match byte {
            b'%' => escaped(&bytes[from..]).unwrap_or((byte, 1)),
            _ => (byte, 1),
        };
        bytes[to] = byte.to_ascii_lowercase();
        from += length;
        to += 1;
    }
    bytes.truncate(to);
    from != to
}

/// The byte that an escape at the front stands for, and its length: `%2e`, `%u002e`, and overlong `%c0%af` for a slash,
/// `%c1%9c` for a backslash (CVE-2000-0884).
fn escaped(bytes: &[u8]) -> Option<(u8, usize)> {
    if let [b'%', b'u', b'0', b'0', high, low, ..] = bytes {
        return Some((hex(*high)? << 4 | hex(*low)?, 6));
    }
    let [b'%', high, low, rest @ ..] = bytes else { return None };
    let byte = hex(*high)? << 4 | hex(*low)?;
    if let (0xc0 | 0xc1, [b'%', high, low, ..]) = (byte, rest) {
        let next = hex(*high)? << 4 | hex(*low)?;
        return Some(((byte & 3) << 6 | next & 0x3f, 6));
    }
    Some((byte, 3))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

/// Writes to `out` what `bytes`, which are plain, say when lookups are followed: `${lower:j}` and `${upper:j}` are `j`, and
/// what has a default, as `${env:none:-j}` or `${::-j}`, is the default. Other lookups stay.
pub fn looked_up(bytes: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut open = [0usize; DEEPEST];
    let mut depth = 0;
    for &byte in bytes {
        out.push(byte);
        if out.ends_with(b"${") && depth < DEEPEST {
            open[depth] = out.len();
            depth += 1;
        } else if byte == b'}' && depth > 0 {
            depth -= 1;
            close(out, open[depth]);
        }
    }
}

/// Replaces a lookup whose content begins at `from` and whose closing brace came.
fn close(out: &mut Vec<u8>, from: usize) {
    let content = &out[from..out.len() - 1];
    let value = match content.windows(2).position(|pair| pair == b":-") {
        Some(place) => place + 2,
        None if content.starts_with(b"lower:") || content.starts_with(b"upper:") => 6,
        None => return,
    };
    let (begin, end) = (from + value, out.len() - 1);
    out.copy_within(begin..end, from - 2);
    out.truncate(from - 2 + (end - begin));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unwrapped(text: &str) -> String {
        let (mut one, mut two) = (Vec::new(), Vec::new());
        plain(text.as_bytes(), &mut one);
        looked_up(&one, &mut two);
        String::from_utf8_lossy(&two).into_owned()
    }

    #[test]
    fn wrapping_comes_off() {
        for (wrapped, says) in [
            ("%2E%2e%2f", "../"),
            ("..%252fetc", "../etc"),
            ("%c0%ae%c0%af", "./"),
            ("%u002e%zz%", ".%zz%"),
            ("UNION+SELECT", "union select"),
            ("${jndi:ldap://x}", "${jndi:ldap://x}"),
            ("${${lower:J}ndi:x}", "${jndi:x}"),
            ("${${::-j}${::-n}${::-d}${upper:i}:x}", "${jndi:x}"),
            ("${${env:NONE:-j}ndi${env:NONE:-:}x}", "${jndi:x}"),
            ("$%7Bjndi:x", "${jndi:x"),
            ("}${", "}${"),
        ] {
            assert_eq!(unwrapped(wrapped), says, "{wrapped}");
        }
    }

    proptest! {
        #[test]
        fn what_comes_off_never_makes_it_longer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (mut one, mut two) = (Vec::new(), Vec::new());
            plain(&bytes, &mut one);
            looked_up(&one, &mut two);
            prop_assert!(two.len() <= one.len() && one.len() <= bytes.len());
        }

        #[test]
        fn lookups_in_lookups_end(parts in proptest::collection::vec("(\\$\\{|\\}|:-|lower:|j)", 0..200)) {
            let (bytes, mut out) = (parts.concat(), Vec::new());
            looked_up(bytes.as_bytes(), &mut out);
            prop_assert!(out.len() <= bytes.len());
        }
    }
}

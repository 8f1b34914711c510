//! Who made a network interface: the assignments of the IEEE registration authority (MA-L of 24 bits, MA-M of 28, MA-S of
//! 36), bundled; the longest that fits answers. Read when the first name is asked for.
//!
//! The table is text, compressed by gzip: a line of what it is and of when, then a line a vendor with its name, a tab, and
//! its assignments as hexadecimal digits. `cargo xtask oui` makes it; origin and licence: `data/README.md`.

use std::io::Read;
use std::sync::LazyLock;

use capturer::Mac;

static BUNDLED: &[u8] = include_bytes!("../data/oui.txt.gz");

static VENDORS: LazyLock<Vendors> = LazyLock::new(|| Vendors::read(BUNDLED).unwrap_or_default());

/// Bits of the assignments there are, longest first.
const LENGTHS: [u32; 3] = [36, 28, 24];

/// The second lowest bit of the first byte: the address was not given out by the IEEE (IEEE 802, §8.2).
const LOCAL: u8 = 2;
/// The lowest: it is a group's.
const GROUP: u8 = 1;

/// What the bundled table is and of when, as shown beside its answers.
pub fn source() -> &'static str {
    &VENDORS.source
}

/// The vendor of an interface; for addresses that no vendor was assigned, what else can be said of them.
pub fn name(mac: Mac) -> Option<&'static str> {
    let [first, ..] = mac.0;
    match mac.0 {
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => Some("broadcast"),
        _ if first & GROUP != 0 => Some("multicast"),
        _ => VENDORS.get(mac).or_else(|| (first & LOCAL != 0).then_some("locally administered")),
    }
}

/// The table.
#[derive(Debug, Default)]
struct Vendors {
    source: String,
    names: Vec<Box<str>>,
    /// Assignment with its length in the low bits, and its vendor; sorted.
    assigned: Vec<(u64, u32)>,
}

/// An assignment as a number: its first bits, and how many.
const fn key(bits: u64, length: u32) -> u64 {
    (bits >> (48 - length) << (48 - length)) << 8 | length as u64
}

impl Vendors {
    fn read(compressed: &[u8]) -> std::io::Result<Self> {
        let mut text = String::new();
        flate2::read::GzDecoder::new(compressed).read_to_string(&mut text)?;
        let mut lines = text.lines();
        let source = lines.next().unwrap_or_default().to_owned();
        let mut vendors = Self { source, ..Self::default() };
        for (name, assignments) in lines.filter_map(|line| line.split_once('\t')) {
            let vendor = vendors.names.len() as u32;
            vendors.names.push(name.into());
            let keys = assignments.split(' ').filter_map(assignment);
            vendors.assigned.extend(keys.map(|key| (key, vendor)));
        }
        vendors.assigned.sort_unstable();
        Ok(vendors)
    }

    fn get(&self, mac: Mac) -> Option<&str> {
        let bits = mac.0.iter().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
        let find = |length| self.assigned.binary_search_by_key(&key(bits, length), |(key, _)| *key).ok();
        let (_, vendor) = self.assigned[LENGTHS.into_iter().find_map(find)?];
        self.names.get(vendor as usize).map(|name| &**name)
    }
}

/// Six, seven or nine hexadecimal digits.
fn assignment(digits: &str) -> Option<u64> {
    let length = digits.len() as u32 * 4;
    let bits = u64::from_str_radix(digits, 16).ok()?;
    LENGTHS.contains(&length).then(|| key(bits << (48 - length), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&'static str> {
        let mut bytes = [0; 6];
        for (byte, part) in bytes.iter_mut().zip(text.split(':')) {
            *byte = u8::from_str_radix(part, 16).unwrap();
        }
        name(Mac(bytes))
    }

    #[test]
    fn the_longest_assignment_answers() {
        assert_eq!(of("00:00:0c:01:02:03"), Some("Cisco Systems, Inc"));
        assert_eq!(of("c8:5c:e2:7a:bc:de"), Some("SYNERGY SYSTEMS AND SOLUTIONS"));
        assert_eq!(of("c8:5c:e2:fa:bc:de"), Some("IEEE Registration Authority"));
    }

    #[test]
    fn addresses_that_nobody_was_assigned_are_called_what_they_are() {
        assert_eq!(of("ff:ff:ff:ff:ff:ff"), Some("broadcast"));
        assert_eq!(of("33:33:00:00:00:01"), Some("multicast"));
        assert_eq!(of("da:a1:19:01:02:03"), Some("locally administered"));
        assert_eq!(of("fc:ff:ff:00:00:01"), None);
    }

    #[test]
    fn the_table_is_whole_and_says_what_it_is() {
        assert!(VENDORS.assigned.len() > 50_000 && VENDORS.names.len() > 25_000);
        assert!(source().contains("IEEE") && source().contains("20"));
        assert!(VENDORS.assigned.is_sorted());
    }
}

//! What the user calls the devices at home: a list of hardware addresses and names, a line each, as Traffic Analyser has
//! it: `AA:BB:CC:DD:EE:FF name`. Digits in either case, one or two to a byte, parted by `:` or `-`; empty lines and those
//! that begin with `#` are passed over.

use std::collections::HashMap;
use std::io::{BufRead, Read};

use ahash::RandomState;
use capturer::Mac;

/// Devices that are taken; more is not a list that somebody wrote.
const MOST: usize = 65_536;

/// Bytes of a line.
const LONGEST: u64 = 1024;

/// Names of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices(HashMap<[u8; 6], Box<str>, RandomState>);

/// Why a list can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DevicesError {
    /// A line is not one.
    #[error(
        "{file}, line {line}: expected a hardware address and a name, such as AA:BB:CC:DD:EE:FF laptop; found {found:?}"
    )]
    Line {
        /// The list.
        file: String,
        /// Counted from 1.
        line: usize,
        /// How the line begins.
        found: String,
    },
    /// There are more devices than are taken.
    #[error("{file}, line {line}: more than {MOST} devices")]
    TooMany {
        /// The list.
        file: String,
        /// Counted from 1.
        line: usize,
    },
    /// It can't be read.
    #[error("{file}: {cause}")]
    Io {
        /// The list.
        file: String,
        /// What the system said.
        cause: std::io::Error,
    },
}

impl Devices {
    /// Reads a list; of several names for an address the last counts. `file` is what errors call it.
    ///
    /// # Errors
    /// [`DevicesError`] with the first line that is wrong.
    pub fn read(mut list: impl BufRead, file: &str) -> Result<Self, DevicesError> {
        let mut devices = Self::default();
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            let read = (&mut list).take(LONGEST).read_until(b'\n', &mut bytes);
            if read.map_err(|cause| DevicesError::Io { file: file.to_owned(), cause })? == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_start_matches('\u{feff}').trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let too_long = bytes.len() as u64 == LONGEST && bytes.last() != Some(&b'\n');
            let found = || text.chars().take(40).collect();
            let (mac, name) = device(text).filter(|_| !too_long).ok_or_else(|| DevicesError::Line {
                file: file.to_owned(),
                line,
                found: found(),
            })?;
            if devices.0.len() >= MOST && !devices.0.contains_key(&mac) {
                return Err(DevicesError::TooMany { file: file.to_owned(), line });
            }
            devices.0.insert(mac, name.into());
        }
        Ok(devices)
    }

    /// What a device is called.
    pub fn name(&self, mac: Mac) -> Option<&str> {
        self.0.get(&mac.0).map(|name| &**name)
    }

    /// The same by an address as text.
    pub fn name_of(&self, mac: &str) -> Option<&str> {
        self.0.get(&address(mac)?).map(|name| &**name)
    }

    /// The devices that are called so, in either case, by their hardware addresses, ascending.
    pub fn called(&self, name: &str) -> Vec<Mac> {
        let named = self.0.iter().filter(|(_, known)| known.eq_ignore_ascii_case(name));
        let mut macs: Vec<Mac> = named.map(|(mac, _)| Mac(*mac)).collect();
        macs.sort_unstable();
        macs
    }

    /// A hardware address as lists have it: digits in either case, one or two to a byte.
    pub fn hardware(text: &str) -> Option<Mac> {
        address(text).map(Mac)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A line's address and name.
fn device(text: &str) -> Option<([u8; 6], &str)> {
    let (mac, name) = text.split_once(char::is_whitespace)?;
    let name = name.trim();
    address(mac).filter(|_| !name.is_empty()).map(|mac| (mac, name))
}

fn address(text: &str) -> Option<[u8; 6]> {
    let mut parts = text.split([':', '-']);
    let mut mac = [0; 6];
    for byte in &mut mac {
        let part = parts.next().filter(|part| matches!(part.len(), 1 | 2))?;
        let digits = part.bytes().all(|digit| digit.is_ascii_hexdigit());
        *byte = digits.then(|| u8::from_str_radix(part, 16).ok())??;
    }
    parts.next().is_none().then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Devices, DevicesError> {
        Devices::read(text.as_bytes(), "devices.txt")
    }

    #[test]
    fn a_list_names_devices_however_their_addresses_are_written() {
        let text =
            "\u{feff}# ours\n\nAA:bb:CC:dd:EE:ff smart plug\r\n64:bc:c:1:2:3\techo-dot\n0-1-2-3-4-5 six\n";
        let devices = read(text).unwrap();
        assert_eq!(devices.name(Mac([0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff])), Some("smart plug"));
        assert_eq!(devices.name(Mac([0x64, 0xbc, 0x0c, 1, 2, 3])), Some("echo-dot"));
        assert_eq!((devices.len(), devices.name(Mac([1; 6]))), (3, None));
    }

    #[test]
    fn a_wrong_line_is_told_by_its_number() {
        for wrong in [
            "nonsense",
            "aa:bb:cc:dd:ee:ff",
            "aa:bb:cc:dd:ee name",
            "aa:bb:cc:dd:ee:ff:00 x",
            "+a:b:c:d:e:f x",
        ] {
            let error = read(&format!("# first\n{wrong}\n")).unwrap_err().to_string();
            assert!(error.starts_with("devices.txt, line 2: expected"), "{error}");
        }
        let endless = format!("aa:bb:cc:dd:ee:ff {}", "x".repeat(1 << 20));
        assert!(matches!(read(&endless), Err(DevicesError::Line { line: 1, .. })));
    }
}

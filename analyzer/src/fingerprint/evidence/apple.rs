//! The versions of Apple's systems by their common kernel, Darwin, whose major number goes up by one a year.

use super::words::Version;

/// Darwin's major version with those of macOS and iOS.
const RELEASES: [(u16, &str, &str); 17] = [
    (25, "26", "26"),
    (24, "15", "18"),
    (23, "14", "17"),
    (22, "13", "16"),
    (21, "12", "15"),
    (20, "11", "14"),
    (19, "10.15", "13"),
    (18, "10.14", "12"),
    (17, "10.13", "11"),
    (16, "10.12", "10"),
    (15, "10.11", "9"),
    (14, "10.10", "7 or 8"),
    (13, "10.9", "6"),
    (12, "10.8", "6"),
    (11, "10.7", "5"),
    (10, "10.6", "4"),
    (9, "10.5", "2 or 3"),
];

/// The versions of macOS and iOS with such a kernel.
pub fn of_darwin(version: Version) -> Option<(&'static str, &'static str)> {
    RELEASES.iter().find(|(darwin, ..)| *darwin == version.major).map(|(_, mac, phone)| (*mac, *phone))
}

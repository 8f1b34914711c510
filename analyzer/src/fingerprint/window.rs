//! Stacks choose their first window as a multiple of a segment or of a link's unit. Which one, is tried in the order in which
//! p0f tries them, so that both find the same multiple.

use std::fmt;

use super::tcp::TcpPrint;

/// Octets of TCP timestamps with their padding, which some stacks leave out of the segment they multiply.
const TIMESTAMPS: u16 = 12;

/// Headers without options: IPv4 and TCP, IPv6 and TCP.
const HEADERS_4: u16 = 40;
const HEADERS_6: u16 = 60;

/// Ethernet's unit, and what stacks multiply that take a segment of another link.
const ETHERNET: u16 = 1500;

/// Segments below this are no measure: almost any window is a multiple.
const LEAST_SEGMENT: u16 = 100;

/// A window as a signature has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Just a number of octets.
    Exact(u16),
    /// So many segments.
    Segments(u16),
    /// So many units of the link.
    Units(u16),
}

impl Window {
    /// How a window came about; `peer_segment` is what the SYN that a SYN+ACK answers named (0: not known).
    pub fn of(print: &TcpPrint, peer_segment: u16) -> Self {
        let (window, mss) = (print.window, print.mss);
        if window == 0 || mss < LEAST_SEGMENT {
            return Self::Exact(window);
        }
        let times = |divisor: u16| (divisor > 0 && window.is_multiple_of(divisor)).then(|| window / divisor);
        segments(print)
            .into_iter()
            .flatten()
            .find_map(times)
            .map(Self::Segments)
            .or_else(|| units(print).into_iter().flatten().find_map(times).map(Self::Units))
            .or_else(|| peer(peer_segment).into_iter().find_map(times).map(Self::Segments))
            .unwrap_or(Self::Exact(window))
    }
}

/// Segments that a stack may multiply: its own, then those of Ethernet.
fn segments(print: &TcpPrint) -> [Option<u16>; 6] {
    let ethernet = ETHERNET - HEADERS_4;
    let ethernet_6 = (print.version == 6).then_some(ETHERNET - HEADERS_6);
    [
        Some(print.mss),
        (print.timestamp != 0).then_some(print.mss - TIMESTAMPS),
        Some(ethernet),
        Some(ethernet - TIMESTAMPS),
        ethernet_6,
        ethernet_6.map(|segment| segment - TIMESTAMPS),
    ]
}

/// Units of a link: what the segment and headers make, with and without options, and Ethernet's.
fn units(print: &TcpPrint) -> [Option<u16>; 4] {
    [
        print.mss.checked_add(HEADERS_4),
        print.mss.checked_add(print.headers),
        (print.version == 6).then(|| print.mss.checked_add(HEADERS_6)).flatten(),
        Some(ETHERNET),
    ]
}

/// The other side's segment.
const fn peer(segment: u16) -> [u16; 2] {
    [segment, segment.saturating_sub(TIMESTAMPS)]
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(octets) => write!(f, "{octets}"),
            Self::Segments(times) => write!(f, "mss*{times}"),
            Self::Units(times) => write!(f, "mtu*{times}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(window: u16, mss: u16, timestamp: u32) -> String {
        let print = TcpPrint { window, mss, timestamp, headers: 60, ..TcpPrint::empty() };
        Window::of(&print, 1340).to_string()
    }

    #[test]
    fn the_first_divisor_decides() {
        assert_eq!(window(29200, 1460, 5), "mss*20");
        assert_eq!(window(14480, 1460, 5), "mss*10");
        assert_eq!(window(14480, 1460, 0), "mss*10");
        assert_eq!(window(3000, 1440, 0), "mtu*2");
        assert_eq!(window(13400, 1400, 0), "mss*10");
        assert_eq!(window(65535, 1460, 1), "65535");
        assert_eq!([window(0, 1460, 0), window(990, 99, 0)], ["0", "990"]);
    }
}

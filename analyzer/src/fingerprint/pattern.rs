//! A line of a signature file that a SYN or SYN+ACK is held against: the notation of raw signatures with wildcards.

use std::fmt;
use std::str::FromStr;

use super::distance::{self, FARTHEST};
use super::error::Unexpected;
use super::layout::Layout;
use super::quirks::Quirks;
use super::raw::{self, Fields, number};
use super::tcp::TcpPrint;
use super::window::Window;

/// What a stack's segments look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpPattern {
    version: Option<u8>,
    ttl: u8,
    /// The tool draws its times to live at random, up to `ttl`.
    random_ttl: bool,
    ip_options: u8,
    mss: Option<u16>,
    window: WindowPattern,
    scale: Option<u8>,
    layout: Layout,
    quirks: Quirks,
    payload: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WindowPattern {
    Any,
    /// A multiple of this.
    Multiple(u16),
    Like(Window),
}

/// The fields of a print that stacks choose and networks leave alone, in one number: what a line of a table wants of them is
/// seen at a glance, before the line is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    mask: u128,
    value: u128,
}

/// Where a glance has what a window is a multiple of.
const CLASS: u128 = 0x3_ffff;

impl Glance {
    /// Of a print whose window came about so.
    pub(super) fn of(print: &TcpPrint, window: Window) -> u128 {
        let class = match window {
            Window::Exact(_) => 0,
            Window::Segments(times) => 1 << 16 | u64::from(times),
            Window::Units(times) => 2 << 16 | u64::from(times),
        };
        let fields = u64::from(print.mss) << 32 | u64::from(print.window) << 16 | u64::from(print.scale) << 8;
        let rest = u64::from(print.ip_options) << 24 | u64::from(print.version) << 32;
        u128::from(fields | u64::from(print.payload)) << 64 | u128::from(class | rest << 16)
    }

    /// Whether a print may fit.
    pub(super) const fn admits(self, print: u128) -> bool {
        print & self.mask == self.value
    }
}

/// How well a print fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// In everything.
    Exact,
    /// But for what networks change on the way: the time to live, "do not fragment" and identification gone, no
    /// identification or congestion notification there.
    Fuzzy,
}

/// Quirks that only IPv4 has, and that only IPv6 has.
const OF_IPV4: Quirks = Quirks::DF.and(Quirks::ID_NOT_ZERO).and(Quirks::ID_ZERO);
const OF_IPV6: Quirks = Quirks::FLOW;

/// Quirks that networks take away, and that they add.
const TAKEN: Quirks = Quirks::DF.and(Quirks::ID_NOT_ZERO);
const ADDED: Quirks = Quirks::ID_ZERO.and(Quirks::ECN);

impl TcpPattern {
    /// What other segments of the same stack look like: with any segment size, from the round time to live above. Of a
    /// SYN+ACK, `peer_segment` is the MSS of the SYN it answers.
    pub fn of(print: &TcpPrint, peer_segment: u16) -> Self {
        Self {
            version: Some(print.version),
            ttl: print.ttl + distance::guess(print.ttl),
            random_ttl: false,
            ip_options: print.ip_options,
            mss: (print.mss == 0).then_some(0),
            window: WindowPattern::Like(Window::of(print, peer_segment)),
            scale: Some(print.scale),
            layout: print.layout,
            quirks: print.quirks,
            payload: Some(print.payload),
        }
    }

    /// The options, by which patterns are looked up.
    pub(super) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether the tool draws times to live at random.
    pub const fn random_ttl(&self) -> bool {
        self.random_ttl
    }

    /// The highest initial time to live.
    pub const fn ttl(&self) -> u8 {
        self.ttl
    }

    /// What is seen of it at a glance.
    pub(super) fn glance(&self) -> Glance {
        let window = if let WindowPattern::Like(window) = self.window { window } else { Window::Exact(0) };
        let octets = if let Window::Exact(octets) = window { octets } else { 0 };
        let print = TcpPrint {
            version: self.version.unwrap_or(0),
            ip_options: self.ip_options,
            mss: self.mss.unwrap_or(0),
            window: octets,
            scale: self.scale.unwrap_or(0),
            payload: self.payload.unwrap_or(false),
            ..TcpPrint::empty()
        };
        let exact = matches!(self.window, WindowPattern::Like(Window::Exact(_)));
        let like = matches!(self.window, WindowPattern::Like(_)) && !exact;
        let wanted = TcpPrint {
            version: self.version.map_or(0, |_| u8::MAX),
            ip_options: u8::MAX,
            mss: self.mss.map_or(0, |_| u16::MAX),
            window: if exact { u16::MAX } else { 0 },
            scale: self.scale.map_or(0, |_| u8::MAX),
            payload: self.payload.is_some(),
            ..TcpPrint::empty()
        };
        let class = if like { CLASS } else { 0 };
        Glance { mask: Glance::of(&wanted, Window::Exact(0)) | class, value: Glance::of(&print, window) }
    }

    /// Whether a print whose window came about so fits.
    pub fn fit(&self, print: &TcpPrint, window: Window) -> Option<Fit> {
        // The options come last: most lines of a table's row have the same, and comparing them costs most.
        let fixed = self.scale.is_none_or(|scale| scale == print.scale)
            && self.window.holds(print.window, window)
            && self.mss.is_none_or(|mss| mss == print.mss)
            && self.ip_options == print.ip_options
            && self.version.is_none_or(|version| version == print.version)
            && self.payload.is_none_or(|payload| payload == print.payload)
            && self.layout == print.layout;
        if !fixed {
            return None;
        }
        let quirks = self.fit_quirks(print)?;
        let ttl = self.fit_ttl(print.ttl)?;
        Some(if (quirks, ttl) == (Fit::Exact, Fit::Exact) { Fit::Exact } else { Fit::Fuzzy })
    }

    fn fit_quirks(&self, print: &TcpPrint) -> Option<Fit> {
        let wanted = match (self.version, print.version) {
            (Some(_), _) => self.quirks,
            (None, 4) => self.quirks.without(OF_IPV6),
            (None, _) => self.quirks.without(OF_IPV4),
        };
        if wanted == print.quirks {
            return Some(Fit::Exact);
        }
        let is_likely = wanted.without(print.quirks).without(TAKEN).is_empty()
            && print.quirks.without(wanted).without(ADDED).is_empty();
        is_likely.then_some(Fit::Fuzzy)
    }

    const fn fit_ttl(&self, ttl: u8) -> Option<Fit> {
        match self.ttl.checked_sub(ttl) {
            Some(_) if self.random_ttl => Some(Fit::Exact),
            None if self.random_ttl => None,
            Some(hops) if hops <= FARTHEST => Some(Fit::Exact),
            _ => Some(Fit::Fuzzy),
        }
    }
}

impl WindowPattern {
    fn holds(self, octets: u16, window: Window) -> bool {
        match self {
            Self::Any => true,
            Self::Multiple(divisor) => octets.is_multiple_of(divisor),
            Self::Like(Window::Exact(wanted)) => octets == wanted,
            Self::Like(wanted) => wanted == window,
        }
    }
}

impl FromStr for TcpPattern {
    type Err = Unexpected;

    fn from_str(text: &str) -> Result<Self, Unexpected> {
        let fields = Fields::of(text)?;
        let (window, scale) = fields.window()?;
        let (ttl, random_ttl) = ttl(fields.ttl)?;
        Ok(Self {
            version: unless_any(fields.version, raw::version)?,
            ttl,
            random_ttl,
            ip_options: number(fields.ip_options, raw::IP_OPTIONS)?,
            mss: unless_any(fields.mss, |mss| number(mss, raw::MSS))?,
            window: self::window(window)?,
            scale: unless_any(scale, |scale| number(scale, raw::SCALE))?,
            layout: fields.layout.parse()?,
            quirks: fields.quirks.parse()?,
            payload: unless_any(fields.payload, raw::payload)?,
        })
    }
}

fn unless_any<T>(text: &str, read: impl Fn(&str) -> Result<T, Unexpected>) -> Result<Option<T>, Unexpected> {
    if text == "*" { Ok(None) } else { read(text).map(Some) }
}

/// `64`, `64-` (at random up to 64), or `54+10` as in raw signatures.
fn ttl(text: &str) -> Result<(u8, bool), Unexpected> {
    const EXPECTED: &str = "an initial time to live of 1 to 255: n, n- (at random up to n), or n+hops";
    let sum = |ttl: &str, hops: &str| ttl.parse::<u8>().ok()?.checked_add(hops.parse().ok()?);
    let read = match (text.strip_suffix('-'), text.split_once('+')) {
        (Some(most), _) => most.parse().ok().map(|ttl| (ttl, true)),
        (None, Some((ttl, hops))) => sum(ttl, hops).map(|ttl| (ttl, false)),
        (None, None) => text.parse().ok().map(|ttl| (ttl, false)),
    };
    read.filter(|(ttl, _)| *ttl > 0).ok_or_else(|| Unexpected::at(text, EXPECTED))
}

fn window(text: &str) -> Result<WindowPattern, Unexpected> {
    match text.strip_prefix('%') {
        Some(divisor) => {
            let divisor: u16 = number(divisor, "a divisor of 2 to 65535")?;
            (divisor > 1)
                .then_some(WindowPattern::Multiple(divisor))
                .ok_or_else(|| Unexpected::at(text, "a divisor of 2 to 65535"))
        }
        None if text == "*" => Ok(WindowPattern::Any),
        None => raw::read_window(text).map(WindowPattern::Like),
    }
}

/// A value, or `*`.
struct Or<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for Or<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("*"),
        }
    }
}

impl fmt::Display for WindowPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Multiple(divisor) => write!(f, "%{divisor}"),
            Self::Like(window) => window.fmt(f),
        }
    }
}

impl fmt::Display for TcpPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let random = if self.random_ttl { "-" } else { "" };
        write!(f, "{}:{}{random}:{}:{}", Or(self.version), self.ttl, self.ip_options, Or(self.mss))?;
        write!(f, ":{},{}:{}:{}:", self.window, Or(self.scale), self.layout, self.quirks)?;
        Or(self.payload.map(|payload| if payload { '+' } else { '0' })).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux() -> TcpPrint {
        TcpPrint {
            ttl: 57,
            mss: 1460,
            window: 29200,
            scale: 7,
            layout: "mss,sok,ts,nop,ws".parse().unwrap(),
            quirks: Quirks::DF.and(Quirks::ID_NOT_ZERO),
            timestamp: 1,
            ..TcpPrint::empty()
        }
    }

    fn fit(pattern: &str, print: &TcpPrint) -> Option<Fit> {
        pattern.parse::<TcpPattern>().unwrap().fit(print, Window::of(print, 0))
    }

    #[test]
    fn lines_are_written_as_they_are_read() {
        for text in [
            "*:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0",
            "4:64-:0:265:512,0:mss,sok,ts:ack+:0",
            "6:255:0:*:%8192,*:mss,nop,ws::*",
            "*:128:0:1460:*,0:mss::+",
        ] {
            assert_eq!(text.parse::<TcpPattern>().unwrap().to_string(), text);
        }
        assert_eq!("4:57+7:0:1:1,0:::0".parse::<TcpPattern>().unwrap().ttl(), 64);
    }

    #[test]
    fn what_networks_change_makes_a_fit_fuzzy_and_what_stacks_choose_makes_none() {
        const LINE: &str = "*:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0";
        assert_eq!(fit(LINE, &linux()), Some(Fit::Exact));
        let print = |change: fn(&mut TcpPrint)| {
            let mut print = linux();
            change(&mut print);
            fit(LINE, &print)
        };
        assert_eq!(print(|print| print.ttl = 65), Some(Fit::Fuzzy));
        assert_eq!(print(|print| print.ttl = 28), Some(Fit::Fuzzy));
        assert_eq!(print(|print| print.quirks = Quirks::ID_ZERO), Some(Fit::Fuzzy));
        assert_eq!(print(|print| print.quirks = print.quirks.and(Quirks::ECN)), Some(Fit::Fuzzy));
        assert_eq!(print(|print| print.quirks = print.quirks.and(Quirks::SEQUENCE_ZERO)), None);
        assert_eq!(print(|print| print.scale = 8), None);
        assert_eq!(print(|print| print.window = 29201), None);
        assert_eq!(print(|print| print.payload = true), None);
    }

    #[test]
    fn quirks_of_the_other_version_are_ignored_where_the_line_serves_both() {
        let print = TcpPrint { version: 6, quirks: Quirks::FLOW, window: 28800, mss: 1440, ..linux() };
        assert_eq!(fit("*:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+,flow:0", &print), Some(Fit::Exact));
        assert_eq!(fit("*:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0", &print), None);
    }

    #[test]
    fn times_to_live_at_random_need_only_be_low_enough() {
        for (ttl, fits) in [(1, Some(Fit::Exact)), (64, Some(Fit::Exact)), (65, None)] {
            assert_eq!(fit("*:64-:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0", &TcpPrint { ttl, ..linux() }), fits);
        }
    }
}

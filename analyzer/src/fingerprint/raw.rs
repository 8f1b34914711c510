//! A raw signature in p0f's notation, as people copy it from a log into a signature file:
//! `version:ttl+distance:ip options:mss:window,scale:options:quirks:payload`.

use std::fmt;
use std::str::FromStr;

use super::error::Unexpected;
use super::layout::Layout;
use super::quirks::Quirks;
use super::window::Window;

/// What a segment looked like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawSignature {
    /// 4 or 6.
    pub version: u8,
    /// Time to live or hop limit as it came.
    pub ttl: u8,
    /// Hops to the next round time to live above; `None` if there are too many to believe it.
    pub distance: Option<u8>,
    /// Bytes of IPv4 options or IPv6 extension headers.
    pub ip_options: u8,
    /// Maximum segment size; 0 when absent.
    pub mss: u16,
    /// How the window came about.
    pub window: Window,
    /// Window scale shift; 0 when absent.
    pub scale: u8,
    /// The options.
    pub layout: Layout,
    /// Oddities.
    pub quirks: Quirks,
    /// Whether it carries data.
    pub payload: bool,
}

impl fmt::Display for RawSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}+", self.version, self.ttl)?;
        match self.distance {
            Some(hops) => write!(f, "{hops}")?,
            None => f.write_str("?")?,
        }
        write!(f, ":{}:{}:{},{}", self.ip_options, self.mss, self.window, self.scale)?;
        write!(f, ":{}:{}:{}", self.layout, self.quirks, if self.payload { '+' } else { '0' })
    }
}

impl FromStr for RawSignature {
    type Err = Unexpected;

    fn from_str(text: &str) -> Result<Self, Unexpected> {
        let fields = Fields::of(text)?;
        let (ttl, hops) = fields.ttl.split_once('+').unwrap_or((fields.ttl, ""));
        let (window, scale) = fields.window()?;
        Ok(Self {
            version: version(fields.version)?,
            ttl: number(ttl, TTL)?,
            distance: if hops == "?" { None } else { Some(number(hops, "a number of hops, or ?")?) },
            ip_options: number(fields.ip_options, IP_OPTIONS)?,
            mss: number(fields.mss, MSS)?,
            window: read_window(window)?,
            scale: number(scale, SCALE)?,
            layout: fields.layout.parse()?,
            quirks: fields.quirks.parse()?,
            payload: payload(fields.payload)?,
        })
    }
}

pub(super) const TTL: &str = "a time to live of 0 to 255";
pub(super) const IP_OPTIONS: &str = "the length of IP options, 0 to 255";
pub(super) const MSS: &str = "a maximum segment size of 0 to 65535, or * in a signature file";
pub(super) const SCALE: &str = "a window scale of 0 to 255, or * in a signature file";
const WINDOW: &str = "a window: a number, mss*n or mtu*n, and * or %n in a signature file";

/// The parts of a signature between its colons.
pub(super) struct Fields<'a> {
    pub(super) version: &'a str,
    pub(super) ttl: &'a str,
    pub(super) ip_options: &'a str,
    pub(super) mss: &'a str,
    window: &'a str,
    pub(super) layout: &'a str,
    pub(super) quirks: &'a str,
    pub(super) payload: &'a str,
}

impl<'a> Fields<'a> {
    pub(super) fn of(text: &'a str) -> Result<Self, Unexpected> {
        let fields: Vec<&str> = text.split(':').map(str::trim).collect();
        let &[version, ttl, ip_options, mss, window, layout, quirks, payload] = fields.as_slice() else {
            return Err(Unexpected::at(
                text,
                "eight fields, version:ttl:ip options:mss:window,scale:options:quirks:payload",
            ));
        };
        Ok(Self { version, ttl, ip_options, mss, window, layout, quirks, payload })
    }

    /// Window and scale.
    pub(super) fn window(&self) -> Result<(&'a str, &'a str), Unexpected> {
        self.window
            .split_once(',')
            .ok_or_else(|| Unexpected::at(self.window, "a window and a scale with a comma between"))
    }
}

/// A number, or what was expected in its place.
pub(super) fn number<T: FromStr>(text: &str, expected: &'static str) -> Result<T, Unexpected> {
    text.parse().map_err(|_| Unexpected::at(text, expected))
}

/// 4 or 6.
pub(super) fn version(text: &str) -> Result<u8, Unexpected> {
    number(text, "an IP version, 4 or 6").and_then(|version: u8| match version {
        4 | 6 => Ok(version),
        _ => Err(Unexpected::at(text, "an IP version, 4 or 6")),
    })
}

/// A window without wildcards.
pub(super) fn read_window(text: &str) -> Result<Window, Unexpected> {
    if let Some(times) = text.strip_prefix("mss*") {
        return number(times, WINDOW).map(Window::Segments);
    }
    match text.strip_prefix("mtu*") {
        Some(times) => number(times, WINDOW).map(Window::Units),
        None => number(text, WINDOW).map(Window::Exact),
    }
}

/// `0` or `+`.
pub(super) fn payload(text: &str) -> Result<bool, Unexpected> {
    match text {
        "0" => Ok(false),
        "+" => Ok(true),
        _ => Err(Unexpected::at(text, "a payload class: 0 (none) or +, and * in a signature file")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn signatures_are_written_as_they_are_read() {
        for text in [
            "4:64+0:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0",
            "6:215+?:8:0:mtu*2,0:?34,eol+2:flow,seq-:+",
            "4:37+27:0:0:31337,10::ack+,bad:0",
        ] {
            assert_eq!(text.parse::<RawSignature>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_error_says_what_was_expected() {
        for (text, expected) in [
            ("4:64+0", "eight fields"),
            ("5:64+0:0:1460:1,7:mss::0", "an IP version"),
            ("4:64+x:0:1460:1,7:mss::0", "hops"),
            ("4:64+0:0:1460:1:mss::0", "a comma"),
            ("4:64+0:0:1460:mss*,7:mss::0", "a window"),
            ("4:64+0:0:1460:1,7:mss::1", "a payload class"),
        ] {
            let error = text.parse::<RawSignature>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    fn window() -> impl Strategy<Value = Window> {
        let number = any::<u16>();
        prop_oneof![
            number.prop_map(Window::Exact),
            any::<u16>().prop_map(Window::Segments),
            any::<u16>().prop_map(Window::Units)
        ]
    }

    fn layout() -> impl Strategy<Value = Layout> {
        (proptest::collection::vec(1u8.., 0..39), proptest::option::of(0u8..40)).prop_map(|(kinds, end)| {
            let mut layout = Layout::default();
            kinds.into_iter().for_each(|kind| layout.push(kind));
            end.into_iter().for_each(|padding| layout.end(padding));
            layout
        })
    }

    fn quirks() -> impl Strategy<Value = Quirks> {
        (0u32..1 << 17).prop_map(|bits| {
            let set = (0..17).filter(|bit| bits >> bit & 1 == 1);
            set.fold(Quirks::NONE, |all, bit| all.and(Quirks::bit(bit)))
        })
    }

    proptest! {
        #[test]
        fn any_signature_is_read_as_it_was_written(
            (version, ttl, distance, ip_options) in
                (prop_oneof![Just(4u8), Just(6)], any::<u8>(), proptest::option::of(any::<u8>()), any::<u8>()),
            (mss, window, scale) in (any::<u16>(), window(), any::<u8>()),
            (layout, quirks, payload) in (layout(), quirks(), any::<bool>()),
        ) {
            let raw = RawSignature { version, ttl, distance, ip_options, mss, window, scale, layout, quirks, payload };
            prop_assert_eq!(raw.to_string().parse::<RawSignature>(), Ok(raw));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            if let Ok(raw) = text.parse::<RawSignature>() {
                prop_assert_eq!(raw.to_string().parse::<RawSignature>(), Ok(raw));
            }
        }
    }
}

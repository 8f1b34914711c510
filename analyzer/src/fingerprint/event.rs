//! What is told of a packet that says something about a host.

use std::fmt;
use std::net::IpAddr;

use capturer::Timestamp;

use super::database::Match;
use super::distance::FARTHEST;
use super::http::HttpPrint;
use super::label::Label;
use super::raw::RawSignature;
use super::sharing::Reasons;
use super::tcp::TcpPrint;
use super::uptime::Uptime;

/// Address and port.
pub type End = (IpAddr, u16);

/// Which end an observation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Who opened the connection.
    Client,
    /// Who answered.
    Server,
}

/// One observation.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// When the packet came that showed it.
    pub at: Timestamp,
    /// Its number.
    pub frame: u64,
    /// Who opened the connection.
    pub client: End,
    /// Who answers it.
    pub server: End,
    /// Whom it is about.
    pub subject: Subject,
    /// What was seen.
    pub kind: EventKind<'a>,
}

impl Event<'_> {
    /// The address it is about.
    pub const fn address(&self) -> IpAddr {
        match self.subject {
            Subject::Client => self.client.0,
            Subject::Server => self.server.0,
        }
    }
}

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub enum EventKind<'a> {
    /// The stack that opens a connection.
    TcpSyn(TcpSight<'a>),
    /// The stack that answers.
    TcpSynAck(TcpSight<'a>),
    /// The unit of the link, in bytes, and what kind of link has it.
    Mtu {
        /// Bytes.
        unit: u32,
        /// The link.
        link: Option<&'a Label>,
    },
    /// The program that asks.
    HttpRequest(HttpSight<'a>),
    /// The program that answers.
    HttpResponse(HttpSight<'a>),
    /// How long the host is up.
    Uptime(Uptime),
    /// Another machine than before.
    HostChange(Reasons),
    /// Several machines behind the address.
    IpSharing(Reasons),
}

impl EventKind<'_> {
    /// The name in documents: that of p0f's log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TcpSyn(_) => "syn",
            Self::TcpSynAck(_) => "syn+ack",
            Self::Mtu { .. } => "mtu",
            Self::HttpRequest(_) => "http request",
            Self::HttpResponse(_) => "http response",
            Self::Uptime(_) => "uptime",
            Self::HostChange(_) => "host change",
            Self::IpSharing(_) => "ip sharing",
        }
    }
}

/// A stack that was seen.
#[derive(Clone, Copy, Debug)]
pub struct TcpSight<'a> {
    /// What its segment looked like.
    pub print: TcpPrint,
    /// The MSS of the SYN that was answered; 0 where there was none.
    pub peer_segment: u16,
    /// Who fits, with its label.
    pub found: Option<(Match, &'a Label)>,
    /// Hops away.
    pub distance: u8,
}

impl TcpSight<'_> {
    /// In p0f's notation.
    pub fn signature(&self) -> RawSignature {
        self.print.signature(self.peer_segment)
    }

    /// What is to be known of the match: `generic`, `fuzzy`, `random_ttl`, `excess_dist`, `tos:0x…`, or `none`.
    pub fn params(&self) -> impl fmt::Display {
        let found = self.found.map(|(found, _)| found);
        let has = |test: fn(Match) -> bool| found.is_some_and(test);
        let names = [
            (has(|found| found.generic), "generic"),
            (has(|found| found.fuzzy), "fuzzy"),
            (has(|found| found.random_ttl), "random_ttl"),
            (self.distance > FARTHEST, "excess_dist"),
        ];
        Params { names, dscp: self.print.dscp }
    }
}

/// A program that was seen.
#[derive(Clone, Copy, Debug)]
pub struct HttpSight<'a> {
    /// Its head; in p0f's notation when it is displayed.
    pub print: &'a HttpPrint,
    /// Who fits, with its label.
    pub found: Option<(Match, &'a Label)>,
    /// It calls itself something else than programs like it do.
    pub dishonest: bool,
}

impl HttpSight<'_> {
    /// What is to be known of the match: `dishonest`, `anonymous` (it doesn't call itself anything), `generic`, or `none`.
    pub fn params(&self) -> impl fmt::Display {
        let generic = self.found.is_some_and(|(found, _)| found.generic);
        let anonymous = self.print.software().is_none();
        let names =
            [(self.dishonest, "dishonest"), (anonymous, "anonymous"), (generic, "generic"), (false, "")];
        Params { names, dscp: 0 }
    }
}

struct Params {
    names: [(bool, &'static str); 4],
    dscp: u8,
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for (_, name) in self.names.iter().filter(|(holds, _)| *holds) {
            write!(f, "{space}{name}")?;
            space = " ";
        }
        match (self.dscp, space) {
            (0, "") => f.write_str("none"),
            (0, _) => Ok(()),
            (dscp, space) => write!(f, "{space}tos:0x{dscp:02x}"),
        }
    }
}

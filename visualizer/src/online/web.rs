//! One GET over HTTPS to a host that is checked before it is connected to. The host's addresses are resolved once, all of
//! them must be public, and the connection goes to exactly those: nothing can change between the check and the use. A
//! redirect is followed by us, at most three times, each through the same door.

use std::fmt;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver as Resolves};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::address::is_public;
use super::pace::Pace;
use super::resolver::{NoAnswer, Resolver};
use super::tls;

/// Redirects followed.
const MOST_REDIRECTS: usize = 3;

/// Bytes of an answer.
const MOST_BYTES: u64 = 256 * 1024;

/// Time for a question with its redirects, names and all; waiting for the pace is not in it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who asks, as the services want to know.
const USER_AGENT: &str = concat!("wireglobe/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("this is no HTTPS address to go to: {0}")]
    NotHttps(String),
    #[error("{host} is at {address}, which is not a public address")]
    NotPublic { host: String, address: IpAddr },
    #[error("{host}: {cause}")]
    Unresolved { host: String, cause: NoAnswer },
    #[error("{host}: {cause}")]
    Unreachable { host: String, cause: String },
    #[error("{host} answered with status {status}")]
    Status { host: String, status: u16 },
    #[error("the answer of {0} is longer than 256 KiB")]
    TooLong(String),
    #[error("more than three redirects")]
    TooManyRedirects,
    #[error("this processor lacks instructions that the encryption is written in")]
    NoEncryption,
}

/// Which doors are open: the tests' own server is reached without encryption on loopback.
#[derive(Clone, Copy, Debug)]
enum Door {
    /// HTTPS to public addresses.
    Public,
    /// Besides, plain HTTP to this very socket.
    #[cfg(test)]
    AndStub(SocketAddr),
}

impl Door {
    fn lets_through(self, scheme: Option<&Scheme>, address: SocketAddr) -> bool {
        match self {
            Self::Public => scheme == Some(&Scheme::HTTPS) && is_public(address.ip()),
            #[cfg(test)]
            Self::AndStub(stub) => address == stub || Self::Public.lets_through(scheme, address),
        }
    }
}

/// The way out.
pub(super) struct Web {
    resolver: Resolver,
    door: Door,
}

impl Web {
    /// To public addresses over HTTPS.
    pub(super) const fn new(resolver: Resolver) -> Self {
        Self { resolver, door: Door::Public }
    }

    #[cfg(test)]
    pub(super) const fn with_stub(resolver: Resolver, stub: SocketAddr) -> Self {
        Self { resolver, door: Door::AndStub(stub) }
    }

    /// The answer's bytes.
    pub(super) fn get(&self, url: &str, pace: &mut Pace) -> Result<Vec<u8>, Failed> {
        let mut target = Target::read(url)?;
        let mut left = PATIENCE;
        for _ in 0..=MOST_REDIRECTS {
            pace.wait(&target.host);
            let began = Instant::now();
            match self.step(&target, began + left)? {
                Step::Answer(bytes) => return Ok(bytes),
                Step::Redirect(location) => target = target.next(&location)?,
            }
            left = left.saturating_sub(began.elapsed());
        }
        Err(Failed::TooManyRedirects)
    }

    fn step(&self, target: &Target, deadline: Instant) -> Result<Step, Failed> {
        let addresses = self.resolve(target, deadline)?;
        let host = || target.host.clone();
        let unreachable = |error: ureq::Error| Failed::Unreachable { host: host(), cause: error.to_string() };
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let config = Config::builder()
            .timeout_global(Some(left))
            .max_redirects(0)
            .http_status_as_error(false)
            .max_idle_connections(0)
            .user_agent(USER_AGENT)
            .accept("application/rdap+json, application/json")
            .proxy(None);
        let config = match tls::config() {
            Some(tls) => config.tls_config(tls),
            None if target.uri.scheme() == Some(&Scheme::HTTPS) => return Err(Failed::NoEncryption),
            None => config,
        };
        let agent = Agent::with_parts(config.build(), DefaultConnector::default(), Pinned(addresses));
        let mut response = agent.get(target.uri.clone()).call().map_err(unreachable)?;
        let status = response.status();
        if status.is_redirection() {
            let location = response.headers().get("location").and_then(|value| value.to_str().ok());
            return Ok(Step::Redirect(location.unwrap_or_default().to_owned()));
        }
        if !status.is_success() {
            return Err(Failed::Status { host: host(), status: status.as_u16() });
        }
        let mut bytes = Vec::new();
        let mut body = response.body_mut().as_reader().take(MOST_BYTES + 1);
        body.read_to_end(&mut bytes)
            .map_err(|error| Failed::Unreachable { host: host(), cause: error.to_string() })?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Failed::TooLong(host()));
        }
        Ok(Step::Answer(bytes))
    }

    /// The addresses of a host, all of them checked.
    fn resolve(&self, target: &Target, deadline: Instant) -> Result<Vec<SocketAddr>, Failed> {
        let found = match target.literal() {
            Some(address) => vec![address],
            None => self
                .resolver
                .addresses(&target.host, deadline)
                .map_err(|cause| Failed::Unresolved { host: target.host.clone(), cause })?,
        };
        let scheme = target.uri.scheme();
        let sockets: Vec<SocketAddr> =
            found.into_iter().map(|address| (address, target.port).into()).collect();
        match sockets.iter().find(|socket| !self.door.lets_through(scheme, **socket)) {
            Some(_) if scheme != Some(&Scheme::HTTPS) => Err(Failed::NotHttps(target.uri.to_string())),
            Some(closed) => Err(Failed::NotPublic { host: target.host.clone(), address: closed.ip() }),
            None => Ok(sockets),
        }
    }
}

enum Step {
    Answer(Vec<u8>),
    Redirect(String),
}

/// Where to go.
struct Target {
    uri: Uri,
    host: String,
    port: u16,
}

impl Target {
    fn read(url: &str) -> Result<Self, Failed> {
        let wrong = || Failed::NotHttps(url.chars().take(200).collect());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let port = match uri.scheme_str() {
            Some("https") => authority.port_u16().unwrap_or(443),
            Some("http") => authority.port_u16().unwrap_or(80),
            _ => return Err(wrong()),
        };
        let host = authority.host().to_ascii_lowercase();
        // A user's name in front hides the host; a number is an address in disguise to some readers.
        let disguised = authority.as_str().contains('@')
            || host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()))
                && host.parse::<IpAddr>().is_err();
        if disguised || host.is_empty() {
            return Err(wrong());
        }
        Ok(Self { host, port, uri })
    }

    /// The address, when the host is one.
    fn literal(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// Where a redirect leads: a whole URL, or a path on the same host.
    fn next(&self, location: &str) -> Result<Self, Failed> {
        if !location.starts_with('/') || location.starts_with("//") {
            return Self::read(location);
        }
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let authority = self.uri.authority().map(ToString::to_string).unwrap_or_default();
        Self::read(&format!("{scheme}://{authority}{location}"))
    }
}

/// Resolves to what was checked, whatever the name.
struct Pinned(Vec<SocketAddr>);

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl Resolves for Pinned {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut all = self.empty();
        self.0.iter().take(16).for_each(|address| all.push(*address));
        if all.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(all) }
    }
}

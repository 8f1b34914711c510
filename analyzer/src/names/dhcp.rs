//! What a host calls itself when it asks for its lease: DHCP's host name (RFC 2132 §3.14) and client FQDN (RFC 4702)
//! options, with the address of the lease. A DISCOVER's address is only a wish, so it is not read.

use std::net::{IpAddr, Ipv4Addr};

use super::Name;

/// Where the fields of the fixed part are (RFC 2131 §2).
const CLIENT_ADDRESS: usize = 12;
const YOUR_ADDRESS: usize = 16;
const OPTIONS: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Options.
const PAD: u8 = 0;
const HOST_NAME: u8 = 12;
const REQUESTED_ADDRESS: u8 = 50;
const MESSAGE_TYPE: u8 = 53;
const WANTED: u8 = 55;
const CLASS: u8 = 60;
const CLIENT_FQDN: u8 = 81;
const END: u8 = 255;

/// Message types.
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const INFORM: u8 = 8;

/// The FQDN option's flag for a name in DNS form.
const CANONICAL: u8 = 4;

#[derive(Default)]
struct Options<'a> {
    kind: u8,
    host: Option<&'a [u8]>,
    fqdn: Option<&'a [u8]>,
    requested: Option<Ipv4Addr>,
    wanted: Option<&'a [u8]>,
    class: Option<&'a [u8]>,
}

/// What a client says when it asks for its lease.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeaseRequest<'a> {
    /// The address that it has or is about to have.
    pub(crate) address: IpAddr,
    /// Its name.
    pub(crate) host: Option<&'a [u8]>,
    /// The options that it wants to know (55).
    pub(crate) wanted: Option<&'a [u8]>,
    /// Its vendor class (60).
    pub(crate) class: Option<&'a [u8]>,
}

/// A REQUEST or an INFORM.
pub(crate) fn lease_request(message: &[u8]) -> Option<LeaseRequest<'_>> {
    let options = options(message)?;
    let client = address_at(message, CLIENT_ADDRESS);
    let address = match options.kind {
        REQUEST => client.or(options.requested),
        INFORM => client,
        _ => None,
    }?;
    let Options { host, wanted, class, .. } = options;
    Some(LeaseRequest { address: IpAddr::V4(address), host, wanted, class })
}

fn options(message: &[u8]) -> Option<Options<'_>> {
    if message.get(OPTIONS - COOKIE.len()..OPTIONS)? != COOKIE {
        return None;
    }
    Some(Options::read(message.get(OPTIONS..)?))
}

/// The address of a lease and the name of its host.
pub(super) fn lease(message: &[u8]) -> Option<(IpAddr, Name)> {
    let options = options(message)?;
    let client = address_at(message, CLIENT_ADDRESS);
    let address = match options.kind {
        REQUEST => client.or(options.requested),
        INFORM => client,
        ACK => address_at(message, YOUR_ADDRESS).or(client),
        _ => None,
    }?;
    let name = options.fqdn.and_then(fqdn).or_else(|| options.host.and_then(host_name))?;
    Some((IpAddr::V4(address), name))
}

impl<'a> Options<'a> {
    fn read(mut rest: &'a [u8]) -> Self {
        let mut options = Self::default();
        while let [code, tail @ ..] = rest {
            if *code == PAD {
                rest = tail;
                continue;
            }
            let Some((&length, tail)) = tail.split_first() else { break };
            let Some((value, after)) = tail.split_at_checked(usize::from(length)) else { break };
            match *code {
                END => break,
                MESSAGE_TYPE => options.kind = value.first().copied().unwrap_or(0),
                WANTED => options.wanted = Some(value),
                CLASS => options.class = Some(value),
                HOST_NAME => options.host = Some(value),
                CLIENT_FQDN => options.fqdn = Some(value),
                REQUESTED_ADDRESS => options.requested = value.first_chunk().map(|octets| (*octets).into()),
                _ => {}
            }
            rest = after;
        }
        options
    }
}

/// A name that some end with a zero byte.
fn host_name(value: &[u8]) -> Option<Name> {
    Name::parse(value.strip_suffix(&[0]).unwrap_or(value))
}

/// Flags, two obsolete result codes, then the name.
fn fqdn(value: &[u8]) -> Option<Name> {
    let [flags, _, _, name @ ..] = value else { return None };
    if flags & CANONICAL == 0 {
        return host_name(name);
    }
    let mut checked = Name::empty();
    let mut rest = name;
    while let [length @ 1..=63, tail @ ..] = rest {
        let (label, after) = tail.split_at_checked(usize::from(*length))?;
        checked.push(label)?;
        rest = after;
    }
    checked.checked()
}

fn address_at(message: &[u8], at: usize) -> Option<Ipv4Addr> {
    let octets: &[u8; 4] = message.get(at..)?.first_chunk()?;
    (*octets != [0; 4]).then(|| (*octets).into())
}

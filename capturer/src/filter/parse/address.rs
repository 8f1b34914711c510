//! Addresses and networks: IPv4 in 1 to 4 parts, IPv6, hardware addresses; prefixes and masks, which must leave no bit
//! set outside them (libpcap's rule: what is typed is what is asked).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::display;
use super::super::error::{FilterError, Span};
use super::super::keyword::Protocol;
use super::super::number::{dotted, mac_from_text, number};
use super::super::token::Token;
use super::super::tree::{Carrier, Ipv4Net, Ipv6Net, Test, ethertype};
use super::Parser;
use super::qualifier::{Kind, Qualifier};
use crate::Mac;

const ADDRESS: &str = "an IPv4 or IPv6 address";
const NETWORK: &str = "a network such as 10.0.0.0/8, 192.168 or 2001:db8::/32";
const MAC: &str = "a hardware address such as 00:00:5e:00:53:01";

impl<U> Parser<'_, U> {
    pub(super) fn address(&mut self, start: Span, qualifier: Qualifier<U>) -> Result<Test<U>, FilterError> {
        if let Some((name, Protocol::Link)) = qualifier.protocol {
            return self.ether(start, qualifier, name);
        }
        let expected = if matches!(qualifier.kind, Kind::Net) { NETWORK } else { ADDRESS };
        let span = self.span();
        match self.token() {
            Token::Ipv6(address) => {
                self.advance();
                let net = self.ipv6_net(span, address)?;
                self.ipv6_family(start, qualifier)?;
                Ok(Test::Ipv6(qualifier.side, net))
            }
            Token::Word(word) if dotted(word).is_some() || number(word).is_some() => {
                let net = self.ipv4_net(word, matches!(qualifier.kind, Kind::Net))?;
                Ok(Test::Ipv4(self.carrier(start, qualifier)?, qualifier.side, net))
            }
            Token::Mac(_) => Err(self.mac_without_ether()),
            Token::Word(word) if !self.is_keyword(word) => Err(self.unresolved(word, expected)),
            Token::Name(name) => Err(self.unresolved(name, expected)),
            _ => Err(self.unexpected(expected)),
        }
    }

    fn unresolved(&self, name: &str, expected: &str) -> FilterError {
        let digits = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let message = match digits {
            true => format!("`{name}` is no IPv4 address"),
            false => format!("`{name}` is a name, and names aren't looked up here"),
        };
        let error = FilterError::new(self.span(), message, expected);
        match (mac_from_text(name), digits) {
            (Some(_), _) => error.hint(format!("a hardware address is asked with `ether host {name}`")),
            (None, true) => error,
            (None, false) => error.hint(
                self.suggestion(name)
                    .unwrap_or_else(|| format!("`getent ahosts {name}` prints its addresses")),
            ),
        }
    }

    fn mac_without_ether(&self) -> FilterError {
        let span = self.span();
        let text = &self.text[span.at..span.end()];
        let error = FilterError::new(span, format!("`{text}` is a hardware address"), ADDRESS);
        error.hint(format!("did you mean `ether host {text}`?"))
    }

    fn ether(&mut self, start: Span, qualifier: Qualifier<U>, name: &str) -> Result<Test<U>, FilterError> {
        if matches!(qualifier.kind, Kind::Net) {
            let error =
                FilterError::new(self.since(start), "hardware addresses have no networks", "`ether host`");
            return Err(error.hint("ask their bytes: `ether[6:2] = 0x0000 and ether[8] = 0x5e`"));
        }
        self.hardware(name).map(|mac| Test::Ether(qualifier.side, mac))
    }

    /// The hardware address after its qualifiers.
    pub(super) fn hardware(&mut self, name: &str) -> Result<Mac, FilterError> {
        let mac: Option<Mac> = match self.token() {
            Token::Mac(mac) => Some(mac),
            Token::Word(word) => mac_from_text(word),
            _ => None,
        };
        let Some(mac) = mac else {
            let error = self.unexpected(MAC);
            return Err(match self.token() {
                Token::Ipv6(_) => error.hint(format!("leave out `{name}`")),
                Token::Word(word) if dotted(word).is_some() => error.hint(format!("leave out `{name}`")),
                _ => error,
            });
        };
        self.advance();
        Ok(mac)
    }

    fn carrier(&self, start: Span, qualifier: Qualifier<U>) -> Result<Carrier, FilterError> {
        match qualifier.protocol {
            None => Ok(Carrier::Any),
            Some((_, Protocol::Network(ethertype::IPV4))) => Ok(Carrier::Ip),
            Some((_, Protocol::Network(ethertype::ARP))) => Ok(Carrier::Arp),
            Some((_, Protocol::Network(ethertype::RARP))) => Ok(Carrier::Rarp),
            Some((name, _)) => Err(self.no_addresses(start, name, "`ip`, `arp` or `rarp`")),
        }
    }

    fn ipv6_family(&self, start: Span, qualifier: Qualifier<U>) -> Result<(), FilterError> {
        match qualifier.protocol {
            None | Some((_, Protocol::Network(ethertype::IPV6))) => Ok(()),
            Some((name, _)) => Err(self.no_addresses(start, name, "`ip6`")),
        }
    }

    fn no_addresses(&self, start: Span, name: &str, right: &str) -> FilterError {
        let span = self.since(start);
        let message = format!("`{name}` doesn't qualify this address");
        let error = FilterError::new(span, message, format!("{right}, or nothing, before it"));
        match name {
            "tcp" | "udp" | "sctp" => {
                error.hint(format!("did you mean `{name} and …`, or `{name} port …` for a port?"))
            }
            "ip" | "ip6" => error.hint(format!("leave out `{name}`")),
            _ => error.hint(format!("write `{name} and …`")),
        }
    }

    /// `192.168`, `10.0.0.0/8`, `10.0.0.0 mask 255.0.0.0`; in `host`, a short address stands for its network too.
    fn ipv4_net(&mut self, word: &str, net: bool) -> Result<Ipv4Net, FilterError> {
        let span = self.span();
        self.advance();
        let prefixed = self.token() == Token::Operator("/");
        let masked = self.token() == Token::Word("mask");
        if (prefixed || masked) && !net {
            let error =
                FilterError::new(self.span(), "a mask belongs to a network", "`net` instead of `host`");
            self.advance();
            self.advance();
            return Err(error.hint(format!("write `net {}`", &self.text[span.at..self.since(span).end()])));
        }
        let (address, own) = match (dotted(word), number(word)) {
            (Some((address, bits)), _) if word.contains('.') || prefixed || masked => (address, mask(bits)),
            (_, Some(plain)) => plain_number(plain, net),
            (found, None) => found.map_or((0, 0), |(address, bits)| (address, mask(bits))),
        };
        let bits = if prefixed {
            mask(self.prefix_length(32)?)
        } else if masked {
            self.mask()?
        } else {
            own
        };
        self.whole_network(span, (address, bits))
    }

    fn whole_network(&self, span: Span, (address, mask): (u32, u32)) -> Result<Ipv4Net, FilterError> {
        let net = Ipv4Net { address: Ipv4Addr::from_bits(address & mask), mask: Ipv4Addr::from_bits(mask) };
        if address & !mask == 0 {
            return Ok(net);
        }
        let message = format!("{} has bits set outside its mask", Ipv4Addr::from_bits(address));
        let error = FilterError::new(self.since(span), message, "the network's first address");
        let shown = display::ipv4_net(net);
        Err(error.hint(format!("did you mean `{shown}`?")))
    }

    fn prefix_length(&mut self, most: u8) -> Result<u8, FilterError> {
        self.advance();
        let span = self.span();
        let length = self.number("a prefix length")?;
        match u8::try_from(length) {
            Ok(length) if length <= most => Ok(length),
            _ => {
                let message = format!("a prefix length of {length} bits is too long");
                Err(FilterError::new(span, message, format!("0 to {most}")))
            }
        }
    }

    fn mask(&mut self) -> Result<u32, FilterError> {
        self.advance();
        let found = match self.token() {
            Token::Word(word) => dotted(word),
            _ => None,
        };
        let Some((mask, _)) = found else { return Err(self.unexpected("a mask such as 255.255.0.0")) };
        self.advance();
        Ok(mask)
    }

    fn ipv6_net(&mut self, span: Span, address: Ipv6Addr) -> Result<Ipv6Net, FilterError> {
        let length = if self.token() == Token::Operator("/") { self.prefix_length(128)? } else { 128 };
        let net = Ipv6Net { address, length };
        let first = Ipv6Addr::from_bits(address.to_bits() & net.mask());
        if first == address {
            return Ok(net);
        }
        let message = format!("{address} has bits set beyond its prefix");
        let error = FilterError::new(self.since(span), message, "the network's first address");
        Err(error.hint(format!("did you mean `{first}/{length}`?")))
    }
}

const fn mask(bits: u8) -> u32 {
    if bits == 0 { 0 } else { u32::MAX << (32 - bits as u32) }
}

/// A number without dots: in `net` its leading zero bytes are dropped (`net 10` is 10.0.0.0/8), in `host` it is an
/// address. So libpcap has it.
const fn plain_number(mut number: u32, net: bool) -> (u32, u32) {
    let mut mask = u32::MAX;
    while net && number != 0 && number & 0xff00_0000 == 0 {
        number <<= 8;
        mask <<= 8;
    }
    (number, mask)
}

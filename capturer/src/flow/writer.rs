//! Flow records as exports to other collectors: NetFlow v9 (RFC 3954) or IPFIX (RFC 7011), a template for each of IPv4 and IPv6,
//! told again now and then. No clock, no socket: datagrams are handed on.

use std::net::IpAddr;
use std::time::Duration;

use super::record::FlowRecord;
use crate::Timestamp;

/// The longest datagram: it passes where tunnels take some of Ethernet's 1500 bytes.
pub const LONGEST: usize = 1400;

/// Templates are told again so often (RFC 7011 §8.4 asks for that over UDP).
const TEMPLATES_AGAIN: Duration = Duration::from_secs(60);

/// Which of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// NetFlow v9.
    Netflow9,
    /// IPFIX.
    #[default]
    Ipfix,
}

/// How a field is written.
#[derive(Clone, Copy)]
enum Value {
    /// A number in so many bytes.
    Number(fn(&FlowRecord) -> u64),
    /// An address of the template's family.
    Address(fn(&FlowRecord) -> IpAddr),
    /// A hardware address.
    Mac(fn(&FlowRecord) -> [u8; 6]),
    /// A time: milliseconds since the epoch, or of uptime.
    Time(fn(&FlowRecord) -> Timestamp),
}

/// A field of both templates: its element (<https://www.iana.org/assignments/ipfix>) for IPv4 and for IPv6, and its bytes.
struct Field {
    element: [u16; 2],
    bytes: [u16; 2],
    value: Value,
}

const fn number(element: u16, bytes: u16, value: fn(&FlowRecord) -> u64) -> Field {
    Field { element: [element; 2], bytes: [bytes; 2], value: Value::Number(value) }
}

const fn address(element: [u16; 2], value: fn(&FlowRecord) -> IpAddr) -> Field {
    Field { element, bytes: [4, 16], value: Value::Address(value) }
}

const fn mac(element: u16, value: fn(&FlowRecord) -> [u8; 6]) -> Field {
    Field { element: [element; 2], bytes: [6; 2], value: Value::Mac(value) }
}

const fn time(element: u16, bytes: u16, value: fn(&FlowRecord) -> Timestamp) -> Field {
    Field { element: [element; 2], bytes: [bytes; 2], value: Value::Time(value) }
}

/// What both forms tell.
const FIELDS: [Field; 17] = [
    address([8, 27], |record| record.source),
    address([12, 28], |record| record.destination),
    number(7, 2, |record| record.ports.source.into()),
    number(11, 2, |record| record.ports.destination.into()),
    number(4, 1, |record| record.protocol.0.into()),
    number(6, 1, |record| (record.tcp_flags.0 & 0xff).into()),
    number(5, 1, |record| record.traffic_class.into()),
    number(1, 8, |record| record.bytes),
    number(2, 8, |record| record.packets),
    number(10, 4, |record| record.input.into()),
    number(14, 4, |record| record.output.into()),
    number(16, 4, |record| record.source_as.into()),
    number(17, 4, |record| record.destination_as.into()),
    number(58, 2, |record| record.vlan.id().unwrap_or(0).into()),
    mac(56, |record| record.source_mac.0),
    mac(80, |record| record.destination_mac.0),
    number(136, 1, |record| record.end as u64),
];

/// When it began and ended, as each form says it.
const TIMES: [[Field; 2]; 2] = [
    [time(22, 4, |record| record.first), time(21, 4, |record| record.last)],
    [time(152, 8, |record| record.first), time(153, 8, |record| record.last)],
];

impl Form {
    fn fields(self) -> impl Iterator<Item = &'static Field> {
        FIELDS.iter().chain(&TIMES[self as usize])
    }

    /// Bytes of a record of either family.
    fn record_bytes(self, family: usize) -> usize {
        self.fields().map(|field| usize::from(field.bytes[family])).sum()
    }

    /// Bytes of a datagram before its first set.
    const fn head(self) -> usize {
        match self {
            Self::Netflow9 => 20,
            Self::Ipfix => 16,
        }
    }

    /// The number of the set that holds templates.
    const fn template_set(self) -> u16 {
        match self {
            Self::Netflow9 => 0,
            Self::Ipfix => 2,
        }
    }
}

/// Writes exports; see the module.
#[derive(Debug)]
pub struct Writer {
    form: Form,
    domain: u32,
    /// When uptime was 0.
    began: Timestamp,
    told: Option<Timestamp>,
    /// Datagrams of v9, data records of IPFIX.
    sequence: u32,
    datagram: Vec<u8>,
}

impl Writer {
    /// One that has told nothing; `domain` is its source id or observation domain, and its uptime begins with `began`.
    pub fn new(form: Form, domain: u32, began: Timestamp) -> Self {
        Self { form, domain, began, told: None, sequence: 0, datagram: Vec::with_capacity(LONGEST) }
    }

    /// Writes records, with templates where they are due, as datagrams of at most [`LONGEST`] bytes.
    pub fn write(&mut self, records: &[FlowRecord], now: Timestamp, send: &mut dyn FnMut(&[u8])) {
        for family in [0, 1] {
            let of_family = |record: &&FlowRecord| usize::from(record.source.is_ipv6()) == family;
            let mut records = records.iter().filter(of_family).peekable();
            while records.peek().is_some() {
                let templates = self.told.is_none_or(|told| now.reaches(told, TEMPLATES_AGAIN));
                self.begin();
                if templates {
                    self.told = Some(now);
                    self.templates();
                }
                let room = (LONGEST - self.datagram.len() - 8) / self.form.record_bytes(family);
                let count = self.data(records.by_ref().take(room), family);
                self.end(now, count, if templates { 2 } else { 0 });
                send(&self.datagram);
            }
        }
    }

    fn begin(&mut self) {
        self.datagram.clear();
        self.datagram.resize(self.form.head(), 0);
    }

    fn templates(&mut self) {
        let at = self.datagram.len();
        self.put(self.form.template_set().into(), 2);
        self.put(0, 2);
        for family in [0, 1] {
            self.put(256 + family as u64, 2);
            self.put(self.form.fields().count() as u64, 2);
            for field in self.form.fields() {
                self.put(field.element[family].into(), 2);
                self.put(field.bytes[family].into(), 2);
            }
        }
        self.close(at);
    }

    fn data<'a>(&mut self, records: impl Iterator<Item = &'a FlowRecord>, family: usize) -> u16 {
        let at = self.datagram.len();
        self.put(256 + family as u64, 2);
        self.put(0, 2);
        let mut count = 0;
        for record in records {
            count += 1;
            for field in self.form.fields() {
                self.field(field, record, family);
            }
        }
        self.close(at);
        count
    }

    fn field(&mut self, field: &Field, record: &FlowRecord, family: usize) {
        let bytes = field.bytes[family];
        match field.value {
            Value::Number(value) => self.put(value(record), bytes),
            Value::Mac(value) => self.datagram.extend(value(record)),
            Value::Time(value) => {
                let at = value(record);
                let millis = match self.form {
                    Form::Netflow9 => at.as_millis() - self.began.as_millis(),
                    Form::Ipfix => at.as_millis(),
                };
                self.put(millis.max(0).unsigned_abs(), bytes);
            }
            Value::Address(value) => match (value(record), family) {
                (IpAddr::V4(address), 0) => self.datagram.extend(address.octets()),
                (IpAddr::V6(address), 1) => self.datagram.extend(address.octets()),
                // Both ends of a record are of one family; one that is not is of no address.
                _ => self.datagram.resize(self.datagram.len() + usize::from(bytes), 0),
            },
        }
    }

    /// Writes the lowest bytes of a number, the highest of them first.
    fn put(&mut self, number: u64, bytes: u16) {
        let all = number.to_be_bytes();
        self.datagram.extend_from_slice(&all[8 - usize::from(bytes)..]);
    }

    /// Fills a set up to four bytes, and says how long it is.
    fn close(&mut self, at: usize) {
        let filled = self.datagram.len().next_multiple_of(4);
        self.datagram.resize(filled, 0);
        let length = (filled - at) as u16;
        self.datagram[at + 2..at + 4].copy_from_slice(&length.to_be_bytes());
    }

    fn end(&mut self, now: Timestamp, records: u16, templates: u16) {
        let seconds = (now.as_seconds() as u32).to_be_bytes();
        let (length, domain) = (self.datagram.len() as u16, self.domain.to_be_bytes());
        let sequence = self.sequence.to_be_bytes();
        match self.form {
            Form::Netflow9 => {
                let uptime = (now.as_millis() - self.began.as_millis()).max(0) as u32;
                let head =
                    [&[0, 9][..], &(records + templates).to_be_bytes(), &uptime.to_be_bytes()].concat();
                self.datagram[..8].copy_from_slice(&head);
                self.datagram[8..20].copy_from_slice(&[seconds, sequence, domain].concat());
                self.sequence = self.sequence.wrapping_add(1);
            }
            Form::Ipfix => {
                self.datagram[..4].copy_from_slice(&[[0, 10], length.to_be_bytes()].concat());
                self.datagram[4..16].copy_from_slice(&[seconds, sequence, domain].concat());
                self.sequence = self.sequence.wrapping_add(records.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::flow::{Collector, EndReason, Exporter, Limits};
    use crate::{Mac, Ports, Protocol, TcpFlags, Vlan};

    const BEGAN: Timestamp = Timestamp::from_parts(1_700_000_000, 0);
    const NOW: Timestamp = Timestamp::from_parts(1_700_000_100, 0);
    const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn record(n: u32) -> FlowRecord {
        let v6 = n.is_multiple_of(3);
        let address = |last: u32| match v6 {
            true => IpAddr::V6(Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(last))),
            false => IpAddr::V4(Ipv4Addr::from(0xc000_0200 + last)),
        };
        FlowRecord {
            first: Timestamp::from_parts(1_700_000_050, 123_000_000),
            last: Timestamp::from_parts(1_700_000_060, 456_000_000),
            received: NOW,
            source: address(n),
            destination: address(n + 1),
            ports: Ports { source: 40_000, destination: n as u16 },
            protocol: Protocol::TCP,
            tcp_flags: TcpFlags(0x1b),
            traffic_class: 0xb8,
            packets: 1 + u64::from(n),
            bytes: 1000 + (u64::from(n) << 33),
            input: 3,
            output: 70_000,
            source_as: 64_496,
            destination_as: 4_200_000_000,
            vlan: Vlan::from_tci(17),
            source_mac: Mac([2, 0, 0, 0, 0, 1]),
            destination_mac: Mac([2, 0, 0, 0, 0, 2]),
            end: EndReason::EndOfFlow,
            exporter: Exporter { address: FROM, domain: 7 },
            ..FlowRecord::empty()
        }
    }

    fn through(form: Form, records: &[FlowRecord]) -> (Vec<FlowRecord>, usize) {
        let (mut writer, mut collector) =
            (Writer::new(form, 7, BEGAN), Collector::new(Limits::of_captures()));
        let (mut read, mut datagrams) = (Vec::new(), 0);
        writer.write(records, NOW, &mut |datagram| {
            assert!(datagram.len() <= LONGEST, "{}", datagram.len());
            collector.read(FROM, NOW, datagram, &mut |record| read.push(*record));
            datagrams += 1;
        });
        let exporters = collector.exporters();
        assert!(exporters.iter().all(|one| one.lost == 0), "{exporters:?}");
        assert_eq!(collector.counts().refused, crate::flow::RefusalCounts::default());
        (read, datagrams)
    }

    #[test]
    fn what_is_written_is_read_by_our_own_collector() {
        for form in [Form::Netflow9, Form::Ipfix] {
            let mut records: Vec<FlowRecord> = (0..100).map(record).collect();
            let (mut read, datagrams) = through(form, &records);
            assert!(datagrams > 4, "{datagrams}");
            let order = |one: &FlowRecord| (one.source, one.ports.destination);
            records.sort_by_key(order);
            read.sort_by_key(order);
            let told = |records: &[FlowRecord]| {
                let one = |one: &FlowRecord| FlowRecord { received: NOW, ..*one };
                records.iter().map(one).collect::<Vec<_>>()
            };
            assert_eq!(told(&read), told(&records), "{form:?}");
        }
    }

    #[test]
    fn templates_are_told_again_after_a_minute() {
        let mut writer = Writer::new(Form::Ipfix, 7, BEGAN);
        let mut lengths = Vec::new();
        for at in [0, 30, 59, 60, 61] {
            let now = NOW.after(Duration::from_secs(at));
            writer.write(&[record(1)], now, &mut |datagram| lengths.push(datagram.len()));
        }
        let short = lengths[1];
        assert_eq!(
            lengths.iter().map(|length| *length > short).collect::<Vec<_>>(),
            [true, false, false, true, false]
        );
    }
}

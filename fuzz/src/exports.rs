//! Datagrams of flow exporters. Input: datagrams, each behind two bytes of length, whose first bytes are made those of the
//! protocol, so that no execution is spent on others. All go to one collector: what one tells holds for the next.

use capturer::Timestamp;
use capturer::flow::{Collector, FlowRecord, Limits, is_export};

/// Datagrams of an input at most.
const MOST: usize = 32;

/// NetFlow v1, v5 and v7, by the first byte of the input.
pub fn netflow5(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    check(rest, &[0, [5, 1, 7, 5][usize::from(first % 4)]]);
}

/// NetFlow v9.
pub fn netflow9(input: &[u8]) {
    check(input, &[0, 9]);
}

/// IPFIX, whose header's length is made right in every other datagram.
pub fn ipfix(input: &[u8]) {
    check(input, &[0, 10]);
}

/// sFlow v5.
pub fn sflow(input: &[u8]) {
    check(input, &[0, 0, 0, 5]);
}

/// An input's datagrams.
fn datagrams(input: &[u8], version: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = input;
    let mut all = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<2>()
        && all.len() < MOST
    {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (body, behind) = after.split_at(length);
        let mut datagram = [version, body].concat();
        if version == [0, 10] && all.len() % 2 == 0 && datagram.len() >= 4 {
            let length = u16::try_from(datagram.len()).unwrap_or(u16::MAX);
            datagram[2..4].copy_from_slice(&length.to_be_bytes());
        }
        all.push(datagram);
        rest = behind;
    }
    all
}

/// Reads them twice: the same records come, no more than the bytes have room for, and all is counted.
fn check(input: &[u8], version: &[u8]) {
    let datagrams = datagrams(input, version);
    let (records, collector) = read(&datagrams);
    let (again, _) = read(&datagrams);
    assert_eq!(records, again);
    assert_eq!(collector.counts().datagrams, datagrams.len() as u64);
    let exporters = collector.exporters();
    assert_eq!(exporters.iter().map(|exporter| exporter.records).sum::<u64>(), records.len() as u64);
    for exporter in exporters {
        assert!(exporter.templates <= Limits::TEMPLATES && exporter.domains <= Limits::DOMAINS);
    }
    for record in &records {
        assert!(record.sampling >= 1 && record.flows >= 1);
        assert!(record.all_packets() <= Limits::MOST && record.all_bytes() <= Limits::MOST);
    }
}

fn read(datagrams: &[Vec<u8>]) -> (Vec<FlowRecord>, Collector) {
    let mut collector = Collector::new(Limits::live(Vec::new()));
    let mut records = Vec::new();
    for (second, datagram) in (0..).zip(datagrams) {
        let _ = is_export(datagram);
        let before = records.len();
        let at = Timestamp::from_parts(1_700_000_000 + second, 0);
        collector.read([192, 0, 2, 1].into(), at, datagram, &mut |record| records.push(*record));
        assert!(records.len() - before <= datagram.len());
    }
    (records, collector)
}

//! Datagrams of exporters, made by hand: headers, sets, samples. Shared by tests and by the generator of the fuzzers' seeds.

#![allow(dead_code, reason = "each user needs some of them")]

/// When the exporter sends, seconds since 1970, and its uptime then, milliseconds.
pub const SENT: u32 = 1_700_000_000;
pub const UPTIME: u32 = 100_000;

/// Fields of a flow: addresses, ports, protocol, flags, packets, bytes, first, last.
pub const FLOW: [(u16, u16); 10] =
    [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (2, 4), (1, 4), (22, 4), (21, 4)];

/// A record of these fields: so many packets and bytes from 10.0.0.1 port 1000 to 10.0.0.2 port 80.
pub fn flow(packets: u32, bytes: u32) -> Vec<u8> {
    let ends = [10, 0, 0, 1, 10, 0, 0, 2, 0x03, 0xe8, 0, 80, 6, 0x1b];
    let times = [UPTIME - 10_000, UPTIME - 5000];
    let numbers = [packets, bytes, times[0], times[1]];
    ends.into_iter().chain(numbers.into_iter().flat_map(u32::to_be_bytes)).collect()
}

/// Numbers in network byte order.
pub fn words<const N: usize>(numbers: [u16; N]) -> Vec<u8> {
    numbers.into_iter().flat_map(u16::to_be_bytes).collect()
}

/// The same of 32 bits.
pub fn longs<const N: usize>(numbers: [u32; N]) -> Vec<u8> {
    numbers.into_iter().flat_map(u32::to_be_bytes).collect()
}

/// A v5 datagram of so many records, of these sizes, with the sampling field.
pub fn v5(sequence: u32, sampling: u16, records: &[(u32, u32)]) -> Vec<u8> {
    let header = longs([UPTIME, SENT, 500_000_000, sequence]);
    let mut datagram = [words([5, records.len() as u16]), header, vec![1, 2], words([sampling])].concat();
    for &(packets, bytes) in records {
        datagram.extend([10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 254]);
        datagram.extend(words([3, 4]));
        datagram.extend(longs([packets, bytes, UPTIME - 10_000, UPTIME - 5000]));
        datagram.extend(words([1000, 80]));
        datagram.extend([0, 0x1b, 6, 0x10]);
        datagram.extend(words([64_500, 64_501]));
        datagram.extend([24, 16, 0, 0]);
    }
    datagram
}

/// A set, padded to four bytes.
pub fn set(id: u16, body: &[u8]) -> Vec<u8> {
    let padding = body.len().next_multiple_of(4) - body.len();
    [words([id, (4 + body.len() + padding) as u16]), body.to_vec(), vec![0; padding]].concat()
}

/// What a template says of its fields; an enterprise of 0 is none.
pub fn fields(fields: &[(u16, u16)]) -> Vec<u8> {
    fields.iter().flat_map(|&(id, length)| words([id, length])).collect()
}

/// A template.
pub fn template(id: u16, of: &[(u16, u16)]) -> Vec<u8> {
    [words([id, of.len() as u16]), fields(of)].concat()
}

/// A v9 template of options: lengths of scope and options are in bytes.
pub fn v9_options(id: u16, scope: &[(u16, u16)], of: &[(u16, u16)]) -> Vec<u8> {
    let lengths = words([id, 4 * scope.len() as u16, 4 * of.len() as u16]);
    [lengths, fields(scope), fields(of)].concat()
}

/// An IPFIX template of options: how many fields, and how many of those are the scope.
pub fn ipfix_options(id: u16, scope: &[(u16, u16)], of: &[(u16, u16)]) -> Vec<u8> {
    let counts = words([id, (scope.len() + of.len()) as u16, scope.len() as u16]);
    [counts, fields(scope), fields(of)].concat()
}

/// A v9 datagram of a source id.
pub fn v9(source: u32, sequence: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    let header = [words([9, sets.len() as u16]), longs([UPTIME, SENT, sequence, source])].concat();
    [header, sets.concat()].concat()
}

/// An IPFIX message of an observation domain.
pub fn ipfix(domain: u32, sequence: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    let sets = sets.concat();
    [words([10, (16 + sets.len()) as u16]), longs([SENT, sequence, domain]), sets].concat()
}

/// An Ethernet frame with an IPv4 UDP datagram, 60 bytes of which are there.
pub fn frame() -> Vec<u8> {
    let ethernet = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    let ip = [0x45, 0x20, 5, 0xdc, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let udp = [0x03, 0xe8, 0, 53, 5, 0xc8, 0, 0];
    [&ethernet[..], &ip, &udp, &[0; 18]].concat()
}

/// A record of a sample: its kind and its bytes.
pub fn sampled(kind: u32, body: &[u8]) -> Vec<u8> {
    [longs([kind, body.len() as u32]), body.to_vec()].concat()
}

/// The head of a frame of 1514 bytes.
pub fn raw_header() -> Vec<u8> {
    let frame = frame();
    sampled(1, &[longs([1, 1514, 0, frame.len() as u32]), frame].concat())
}

/// A sample of one packet out of so many.
pub fn flow_sample(rate: u32, records: &[Vec<u8>]) -> Vec<u8> {
    let head = longs([1, 5, rate, 1000, 0, 5, 0x8000_0006, records.len() as u32]);
    sampled(1, &[head, records.concat()].concat())
}

/// An sFlow datagram of an agent's part.
pub fn sflow(agent: u32, sequence: u32, samples: &[Vec<u8>]) -> Vec<u8> {
    let header = longs([5, 1, 0x0a00_00fe, agent, sequence, UPTIME, samples.len() as u32]);
    [header, samples.concat()].concat()
}

/// A frame with a datagram from 192.0.2.1 to an odd port.
pub fn carried(datagram: &[u8]) -> Vec<u8> {
    let udp_length = 8 + datagram.len() as u16;
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0];
    frame.extend((20 + udp_length).to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 9, 0x30, 0x39, 0x11, 0x11]);
    frame.extend(udp_length.to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(datagram);
    frame
}

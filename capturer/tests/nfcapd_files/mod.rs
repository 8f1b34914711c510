//! nfcapd files written by hand, as nfdump 1.6 and 1.7 lay them out.

/// A file of layout 1, written by hand as nfdump 1.6 lays it out: an exporter, a map, a record of either family.
pub fn before(flags: u32, pack: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut file = vec![0x0c, 0xa5, 1, 0];
    file.extend(flags.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend([0; 128 + 136]);
    let records = [exporter(), map(), flow_v4(), flow_v6()].concat();
    let body = pack(records);
    file.extend(4u32.to_le_bytes());
    file.extend((body.len() as u32).to_le_bytes());
    file.extend([2, 0, if flags == 0 { 1 } else { 2 }, 0]);
    file.extend(body);
    file
}

/// Numbers of two bytes.
pub fn halves(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Numbers of four bytes.
pub fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Numbers of eight bytes.
pub fn longs(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// An exporter's record.
pub fn exporter() -> Vec<u8> {
    [halves(&[7, 32]), words(&[9, 0, 0, 0xc000_02fe, 0]), halves(&[2, 1]), words(&[77])].concat()
}

/// Interfaces and AS of 32 bits, masks, next hops, VLAN, the other way, flows, hardware addresses, router, adjacent AS.
pub fn map() -> Vec<u8> {
    let ids = [5, 7, 8, 9, 11, 13, 14, 16, 18, 20, 23, 26, 27, 0];
    [halves(&[2, 8 + 28, 1, 80]), halves(&ids)].concat()
}

/// What all records of layout 1 begin with.
pub fn common(size: u16, flags: u16, protocol: u8) -> Vec<u8> {
    let head = [halves(&[10, size, flags, 1, 250, 750]), words(&[1_700_000_000, 1_700_000_007])].concat();
    [head, vec![0, 0x1b, protocol, 8], halves(&[443, 50_000, 1, 0])].concat()
}

/// The extensions of the map, in its order.
pub fn extensions() -> Vec<u8> {
    let macs = longs(&[0x0200_5e00_5301, 0x0200_5e00_5302]);
    let first =
        [words(&[3, 4, 64_496, 64_497]), vec![0, 0, 24, 25], words(&[0xc000_0201, 0xc000_0202])].concat();
    let rest = [halves(&[5, 6]), words(&[11, 1100, 2]), macs, words(&[0xc000_02fd, 64_498, 64_499])].concat();
    [first, rest, longs(&[1_700_000_010_500])].concat()
}

/// A record of IPv4.
pub fn flow_v4() -> Vec<u8> {
    let required = words(&[0xc633_6401, 0xcb00_7101, 10, 1000]);
    [common(32 + 16 + 80, 0, 6), required, extensions()].concat()
}

/// A record of IPv6.
pub fn flow_v6() -> Vec<u8> {
    let upper = 0x2001_0db8_0000_0000;
    let required = longs(&[upper, 1, upper, 2, 1 << 33, 1 << 43]);
    [common(32 + 48 + 80, 7, 17), required, extensions()].concat()
}

/// A file of layout 2 around one block of records.
pub fn after(compression: u8, records: usize, body: &[u8]) -> Vec<u8> {
    let mut file = vec![0x0c, 0xa5, 2, 0];
    file.resize(40, 0);
    file[16] = compression;
    file.extend((records as u32).to_le_bytes());
    file.extend((body.len() as u32).to_le_bytes());
    file.extend([3, 0, 0, 0]);
    file.extend(body);
    file
}

/// A record of a generic and an IPv4 element, and one that nobody knows.
pub fn element_record(packets: u64) -> Vec<u8> {
    let generic =
        [halves(&[1, 52]), longs(&[1000, 2000, 3000, packets, 100]), halves(&[1, 2]), vec![6, 2, 0, 0]];
    let ipv4 = [halves(&[2, 12]), words(&[0xc000_0201, 0xc000_0202])];
    let strange = halves(&[999, 8, 0, 0]);
    let body = [generic.concat(), ipv4.concat(), strange].concat();
    [halves(&[11, 12 + body.len() as u16, 3]), vec![0; 6], body].concat()
}

//! Writes the first inputs of each fuzz target to `seeds/TARGET/`: the frames, captures, filters and programs that the
//! tests make. `cargo run --example seeds` in this folder; the same files each time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a generator says so by failing")]

#[path = "../../capturer/tests/exports_support/mod.rs"]
mod exports;
#[path = "../../capturer/tests/nfcapd_files/mod.rs"]
mod nfcapd_files;
#[path = "../../capturer/tests/samples/mod.rs"]
mod samples;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bodies::{bpf_round_trip, decode, filter_text};
use capturer::decode::link::LINKS;
use capturer::filter::Filter;
use capturer::write::{PcapNgWriter, PcapWriter};
use capturer::{Frame, LinkType, Timestamp};
use samples::{headers, samples};

fn main() {
    write("decode", decode_seeds());
    write("pcap", pcap_seeds());
    write("pcapng", pcapng_seeds());
    write("compressed", compressed_seeds());
    write("filter_text", filter_seeds());
    write("bpf_round_trip", program_seeds());
    write("fingerprint_database", database_seeds());
    write("fingerprint_tcp", print_seeds());
    write("fingerprint_http", head_seeds());
    write("fingerprint_stream", stream_seeds());
    write("count_text", text_seeds());
    write("netflow5", five_seeds());
    write("netflow9", nine_seeds());
    write("ipfix", ten_seeds());
    write("sflow", sample_seeds());
    write("nfcapd", capture_file_seeds());
    write("nfdump_text", flow_text_seeds());
}

/// Signature files: our own in pieces, and each kind of line alone.
fn database_seeds() -> Vec<Vec<u8>> {
    let own = include_str!("../../analyzer/src/fingerprint/signatures.fp");
    let header = "classes = win,unix,other\n";
    let sections = own.split("\n[").skip(1).map(|section| format!("{header}[{section}"));
    let mut seeds: Vec<String> = sections.map(|section| section.chars().take(1500).collect()).collect();
    seeds.extend(
        [
            "4:64+0:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0",
            "*:64-:0:*:%8192,*:mss,nop,ws,?34,eol+2:ecn,flow,0+,seq-,exws,bad:*",
            "1:Host,?Referer,Accept=[*/*],User-Agent:Keep-Alive:curl/",
        ]
        .map(str::to_owned),
    );
    seeds.into_iter().map(String::into_bytes).collect()
}

/// Fields of headers, and the options of stacks.
fn print_seeds() -> Vec<Vec<u8>> {
    let options: [&[u8]; 5] = [
        &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 1, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7],
        &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2],
        &[2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2, 0, 0],
        &[3, 3, 10, 1, 2, 4, 1, 9, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 4, 2],
        &[34, 2, 1, 1, 30, 4, 0, 1],
    ];
    let fields: [[u8; 12]; 3] = [
        [0, 0, 0, 1, 57, 0x41, 0, 0xfa, 0xf0, 0, 5, 0xb4],
        [1, 2, 3, 4, 128, 1, 0, 0x20, 0, 0, 0, 0],
        [2, 0, 0, 0, 64, 0x43, 0xc0, 0xff, 0xff, 1, 5, 0x50],
    ];
    fields.iter().flat_map(|fields| options.map(|options| [&fields[..], options].concat())).collect()
}

const REQUESTS: [&str; 3] = [
    "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8.5\r\nAccept: */*\r\n\r\n",
    "POST /a?b=c HTTP/1.0\r\nUser-Agent: Wget/1.21\r\nAccept-Language: nl-NL\r\nVia: 1.1 x\r\n\r\nbody",
    "GET / HTTP/1.1\nHost: b\n Folded: c\nConnection: keep-alive\n\n",
];
const RESPONSES: [&str; 2] = [
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n\r\nbody",
    "HTTP/1.0 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Apache\r\nContent-Type: a\r\n\r\n",
];

/// Requests with answers, in pieces of several sizes.
fn head_seeds() -> Vec<Vec<u8>> {
    let pairs = REQUESTS.iter().flat_map(|request| RESPONSES.map(|response| (request, response)));
    (0..)
        .zip(pairs)
        .map(|(n, (request, response))| {
            [&[n * 7, n * 5][..], request.as_bytes(), &[0], response.as_bytes()].concat()
        })
        .collect()
}

/// Conversations: opened, said in pieces, sent again, elsewhere; datagrams.
fn stream_seeds() -> Vec<Vec<u8>> {
    let says = |kind: u8, detail: u8, bytes: &[u8]| [&[kind, detail, bytes.len() as u8][..], bytes].concat();
    let open = says(0, 0, b"");
    let ask = says(2, 255, REQUESTS[0].as_bytes());
    let answer = says(3, 19, RESPONSES[0].as_bytes());
    let dhcp = [&[1u8, 1, 6, 0][..], &[0; 232], &[99, 130, 83, 99, 53, 1, 3, 255]].concat();
    vec![
        [open.clone(), ask.clone(), answer.clone()].concat(),
        [open.clone(), says(10, 9, b""), ask.clone(), answer].concat(),
        [open.clone(), says(2, 255, b"SSH-2.0-OpenSSH_9.6\r\n"), says(3, 255, b"SSH-2.0-dropbear\r\n")]
            .concat(),
        [
            open.clone(),
            says(0x48, 20, &[1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 0, 1]),
            says(0x28, 4, &[2, 4, 5, 0xb4]),
        ]
        .concat(),
        says(12, 0, &dhcp),
        says(12, 3, b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"),
        says(14, 1, &[8, 0, 0, 0, 0, 1, 0, 1, 97, 98, 99]),
        [open, ask[..20].to_vec()].concat(),
    ]
}

/// Addresses, tuples and lines of tcpdump.
fn text_seeds() -> Vec<Vec<u8>> {
    let lines = [
        "192.0.2.1\n2001:db8::1 # home\n\n::ffff:198.51.100.7\n",
        "192.0.2.1 5\n2001:db8::1\t1e3\n198.51.100.7 -2.5\n",
        "12:00:01.123456 IP 192.0.2.1.40000 > 198.51.100.1.80: Flags [S], seq 1, win 64240, length 0\n",
        "1700000000.5 IP6 2001:db8::1.443 > 2001:db8::2.50000: UDP, length 9\n12:00 ARP, Request who-has 192.0.2.1\n",
        "2026-11-21 12:00:01.5 eth0 In  IP (tos 0x0, ttl 64, proto TCP (6), length 60)\n    192.0.2.1.1 > 198.51.100.1.2: Flags [.]\n",
    ];
    let texts =
        (0u8..).zip(lines).map(|(n, line)| [&[n.min(2) + n / 3 * 3, n * 3][..], line.as_bytes()].concat());
    texts.collect()
}

fn write(target: &str, seeds: Vec<Vec<u8>>) {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("own-{number:02}")), seed).unwrap();
    }
}

/// A datagram behind each kind of link header, several in one input; each tunnel; pieces of a fragmented datagram.
fn decode_seeds() -> Vec<Vec<u8>> {
    let place = |kind| LINKS.iter().position(|link| link.kind == kind).unwrap() as u8;
    let packets: Vec<Vec<u8>> = samples().into_iter().map(|frame| frame[14..].to_vec()).collect();
    let mut seeds: Vec<Vec<u8>> = headers()
        .chunks(4)
        .flatten()
        .step_by(3)
        .map(|(kind, header)| [&[place(*kind), decode::ALONE][..], header, &packets[0]].concat())
        .collect();
    seeds.extend(samples().chunks(2).map(|frames| [&[0, 0][..], &stream(frames)].concat()));
    let pieces = pieces(&packets[2]);
    let unhonest = [&[place(LinkType::IPV4), decode::UNHONEST, 0, 1, 0, 0][..], &stream(&pieces)].concat();
    seeds.push([&[place(LinkType::IPV4), 0][..], &stream(&pieces)].concat());
    seeds.push(unhonest);
    seeds
}

/// Frames behind their lengths.
fn stream(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.iter().flat_map(|frame| [&(frame.len() as u16).to_be_bytes()[..], frame].concat()).collect()
}

/// An IPv4 datagram in three pieces, the last one twice.
fn pieces(datagram: &[u8]) -> Vec<Vec<u8>> {
    let piece = |from: usize, to: usize, more: bool| {
        let mut bytes = datagram[..20].to_vec();
        bytes[2..4].copy_from_slice(&(20 + (to - from) as u16).to_be_bytes());
        bytes[6..8].copy_from_slice(&(u16::from(more) << 13 | (from / 8) as u16).to_be_bytes());
        bytes.extend(&datagram[20 + from..20 + to]);
        bytes
    };
    vec![piece(0, 16, true), piece(16, 40, true), piece(40, 60, false), piece(40, 60, false)]
}

fn frames() -> Vec<Vec<u8>> {
    samples().into_iter().filter(|frame| frame.len() < 120).step_by(4).collect()
}

fn frame(number: usize, bytes: &[u8]) -> Frame<'_> {
    let at = Timestamp::from_nanos(1_700_000_000_123_456_789 + number as i64);
    let link = LinkType::ETHERNET;
    Frame { number: number as u64, at, wire_len: bytes.len() as u32, link, bytes }
}

/// Every magic number and version, in both byte orders, of the writer's file of three frames.
fn pcap_seeds() -> Vec<Vec<u8>> {
    let mut writer = PcapWriter::new(Vec::new());
    for (number, bytes) in frames().iter().take(3).enumerate() {
        writer.write(&frame(number, bytes)).unwrap();
    }
    let file = writer.finish().unwrap();
    let mut seeds = vec![file[..24].to_vec(), file.clone(), swapped(&file)];
    for (magic, minor) in [(0xa1b2_c3d4_u32, 4_u16), (0xa1b2_cd34, 4), (0xa1b2_c3d4, 2), (0xa1b2_c3d4, 3)] {
        let mut other = file.clone();
        other[..4].copy_from_slice(&magic.to_le_bytes());
        other[6..8].copy_from_slice(&minor.to_le_bytes());
        if magic == 0xa1b2_cd34 {
            other = with_longer_headers(&other);
        }
        seeds.extend([swapped(&other), other]);
    }
    seeds
}

/// The places of the record headers of a little-endian file.
fn records(file: &[u8], header: usize) -> Vec<usize> {
    let mut places = Vec::new();
    let mut at = 24;
    while let Some(length) = file.get(at + 8..at + 12) {
        places.push(at);
        at += header + u32::from_le_bytes(length.try_into().unwrap()) as usize;
    }
    places
}

/// Kuznetzov's: eight more bytes in each record header.
fn with_longer_headers(file: &[u8]) -> Vec<u8> {
    let places = records(file, 16);
    let ends = places.iter().skip(1).copied().chain([file.len()]);
    let longer = places
        .iter()
        .zip(ends)
        .flat_map(|(&at, end)| [&file[at..at + 16], &[0; 8], &file[at + 16..end]].concat());
    file[..24].iter().copied().chain(longer).collect()
}

/// The same file as a machine of the other byte order writes it.
fn swapped(file: &[u8]) -> Vec<u8> {
    let header = if file[0] == 0x34 { 24 } else { 16 };
    let mut swapped = file.to_vec();
    for at in records(file, header) {
        (0..4).for_each(|number| swapped[at + 4 * number..][..4].reverse());
    }
    for (at, length) in [(0, 4), (4, 2), (6, 2), (8, 4), (12, 4), (16, 4), (20, 4)] {
        swapped[at..at + length].reverse();
    }
    swapped
}

/// The writer's file; and by hand: interfaces with clocks, simple and obsolete packets, two byte orders, more sections.
fn pcapng_seeds() -> Vec<Vec<u8>> {
    let mut writer = PcapNgWriter::new(Vec::new(), "eth0");
    for (number, bytes) in frames().iter().take(3).enumerate() {
        writer.write(&frame(number, bytes), "kept").unwrap();
    }
    let written = writer.finish().unwrap();
    let (little, big) =
        (section(u32::to_le_bytes, u16::to_le_bytes), section(u32::to_be_bytes, u16::to_be_bytes));
    let both = [&little[..], &big, &written].concat();
    vec![written, little[..28].to_vec(), little, big, both]
}

fn section(word: fn(u32) -> [u8; 4], half: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let length = word(body.len() as u32 + 12);
        [&word(kind)[..], &length, body, &length].concat()
    };
    let option = |code: u16, value: &[u8]| {
        let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
        [&half(code)[..], &half(value.len() as u16), value, &padding].concat()
    };
    let interface =
        |link: u16, options: &[u8]| block(1, &[&half(link)[..], &[0; 2], &word(96), options].concat());
    let packet = &frames()[0][..60];
    let lengths = [word(60), word(90)].concat();
    let seconds = [word(0), word(60)].concat();
    [
        block(0x0a0d_0d0a, &[&word(0x1a2b_3c4d)[..], &half(1), &half(0), &[0xff; 8]].concat()),
        interface(1, &[option(9, &[9]), option(14, &seconds), option(2, b"eth0"), option(0, &[])].concat()),
        interface(101, &option(9, &[0x94])),
        block(6, &[&word(1)[..], &word(5), &word(7), &lengths, packet, &option(1, b"why")].concat()),
        block(3, &[&word(60)[..], packet].concat()),
        block(2, &[&half(0)[..], &half(9), &word(5), &word(7), &lengths, packet].concat()),
        block(5, &[word(0), word(5), word(7)].concat()),
        block(0x0bad, b"ours"),
    ]
    .concat()
}

/// Captures packed: gzip with one and two members and with a name, Zstandard, skippable frames, and both with a cut.
fn compressed_seeds() -> Vec<Vec<u8>> {
    let (pcap, pcapng) = (pcap_seeds().swap_remove(1), pcapng_seeds().swap_remove(0));
    let (first, second) = pcap.split_at(100);
    let members = [gzip(first, None), gzip(second, None)].concat();
    let packed = zstd(&pcapng);
    let skippable =
        [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd(first), &zstd(second)].concat();
    let cut = packed[..packed.len() / 2].to_vec();
    vec![gzip(&pcap, Some("a.pcap")), gzip(&pcapng, None), members, packed, skippable, cut, zstd(&[0; 4096])]
}

fn gzip(bytes: &[u8], name: Option<&str>) -> Vec<u8> {
    let builder = flate2::GzBuilder::new();
    let builder = match name {
        Some(name) => builder.filename(name),
        None => builder,
    };
    let mut encoder = builder.write(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Some of the questions of the differential tests, from the first to the last, each with a
/// frame behind it; and texts that are refused.
fn filter_seeds() -> Vec<Vec<u8>> {
    const EXPRESSIONS: &str = include_str!("../../capturer/tests/filter_expressions.txt");
    let readable: Vec<&str> = EXPRESSIONS.lines().filter(|line| Filter::parse(line).is_ok()).collect();
    let every = readable.len() / 34 + 1;
    let frames = samples();
    let mut seeds: Vec<Vec<u8>> = readable
        .iter()
        .step_by(every)
        .zip(frames.iter().cycle())
        .map(|(text, frame)| {
            [text.as_bytes(), &[filter_text::SEPARATOR, 0], &frame[..frame.len().min(90)]].concat()
        })
        .collect();
    let refused = ["tcp prt 80", "host 10.0.0", "net 10.0.0.1/8 or é", "(ip[0] & 0xf", "port 99999"];
    seeds.extend(refused.map(|text| text.as_bytes().to_vec()));
    seeds
}

/// Programs of our own filters with a frame, and choices of questions.
fn program_seeds() -> Vec<Vec<u8>> {
    let texts = [
        "tcp port 443 and not net 10.0.0.0/8",
        "tcp[(tcp[12] & 0xf0) >> 2] = 22",
        "ip6 and udp portrange 1-1024",
        "vlan 100 and (ip[0] & 0xf) * 4 != 20",
        "len % 7 = 3 or -ip[8] / 2 > 5",
        "ether broadcast or icmp[0] << 2 = 32",
    ];
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let program = Filter::parse(text).unwrap().frame(LinkType::ETHERNET).unwrap().program().unwrap();
        let mut seed = vec![bpf_round_trip::INSTRUCTIONS, program.instructions().len() as u8];
        for one in program.instructions() {
            seed.extend([&one.code.to_be_bytes()[..], &[one.jt, one.jf], &one.k.to_be_bytes()].concat());
        }
        seed.extend(samples()[number].iter().take(60));
        seeds.push(seed);
    }
    for (number, frame) in samples().iter().take(12).enumerate() {
        let number = number as u8;
        let head = [bpf_round_trip::JOINED, number, number, 100, 2, 0, 1, 40, 1, 0, 9];
        let head = if number.is_multiple_of(2) { &[2, number, 0, 16 * number][..] } else { &head };
        seeds.push([head, &frame[..frame.len().min(100)]].concat());
    }
    seeds
}

/// Datagrams as the bodies of `exports` take them: without the version, behind two bytes of length.
fn export_input(version: usize, datagrams: &[Vec<u8>]) -> Vec<u8> {
    let body = |datagram: &Vec<u8>| {
        let body = &datagram[version..];
        [&(body.len() as u16).to_be_bytes()[..], body].concat()
    };
    datagrams.iter().flat_map(body).collect()
}

fn capture_file_seeds() -> Vec<Vec<u8>> {
    use nfcapd_files::{after, before, element_record};
    let records = [element_record(1), element_record(2)].concat();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let packed = ruzstd::encoding::compress_to_vec(&records[..], level);
    vec![
        before(0, |plain| plain),
        after(0, 2, &records),
        after(4, 2, &packed),
        after(1, 2, &records),
        after(3, 2, &records),
    ]
}

fn flow_text_seeds() -> Vec<Vec<u8>> {
    let csv = "ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt\n2026-11-20 17:46:49,2026-11-20 17:47:48,59.000,192.0.2.1,198.51.100.1,1111,80,TCP,...AP...,10,1000\n";
    let json = r#"{"type": "FLOW", "t_first": "2026-11-20T17:46:49.000", "t_last": "2026-11-20T17:47:48.000", "proto": 6, "src4_addr": "192.0.2.1", "dst4_addr": "198.51.100.1", "src_port": 1111, "dst_port": 80, "in_packets": 10, "in_bytes": 1000}"#;
    vec![
        csv.into(),
        json.into(),
        format!("[{json},\n{json}]").into(),
        b"Summary\nflows,bytes\n6,1\n".to_vec(),
    ]
}

fn five_seeds() -> Vec<Vec<u8>> {
    use exports::v5;
    let datagrams = [v5(0, 0, &[(1, 2), (3, 4)]), v5(2, 0x4000 | 100, &[(9, 9)]), v5(9, 0, &[(1, 1)])];
    (0..4).map(|first| [&[first][..], &export_input(2, &datagrams)].concat()).collect()
}

fn nine_seeds() -> Vec<Vec<u8>> {
    use exports::{FLOW, flow, longs, set, template, v9, v9_options};
    let data = v9(1, 2, &[set(256, &[flow(1, 100), flow(2, 5)].concat())]);
    let flows = v9(1, 0, &[set(0, &template(256, &FLOW)), set(256, &flow(1, 100))]);
    let rates = v9(1, 1, &[set(1, &v9_options(257, &[(1, 4)], &[(34, 4)])), set(257, &longs([0, 10]))]);
    let sampler =
        v9(1, 1, &[set(1, &v9_options(258, &[(1, 4)], &[(48, 1), (49, 1), (50, 2)])), set(258, &[1; 8])]);
    let times = [(27, 16), (28, 16), (32, 2), (4, 1), (85, 8), (86, 8), (61, 1), (58, 2), (56, 6)];
    let wide = v9(2, 0, &[set(0, &template(300, &times)), set(300, &[1; 80])]);
    vec![
        export_input(2, std::slice::from_ref(&data)),
        export_input(2, &[flows.clone(), rates, data.clone()]),
        export_input(2, &[flows, sampler, data]),
        export_input(2, &[wide]),
    ]
}

fn ten_seeds() -> Vec<Vec<u8>> {
    use exports::{FLOW, flow, ipfix, ipfix_options, longs, set, template, words};
    let flows = ipfix(1, 0, &[set(2, &template(256, &FLOW)), set(256, &flow(1, 100))]);
    let selector = ipfix_options(257, &[(302, 4)], &[(304, 2), (305, 4), (306, 4)]);
    let rates = ipfix(1, 1, &[set(3, &selector), set(257, &longs([1, 0x0001_0000, 0x0001_0000, 9]))]);
    let wide = [(27, 16), (28, 16), (1, 65_535), (152, 8), (154, 8), (161, 4), (176, 1), (177, 1)];
    let variable = ipfix(1, 2, &[set(2, &template(258, &wide)), set(258, &[3; 80])]);
    let gone = ipfix(1, 3, &[set(2, &words([256, 0, 2, 0])), set(3, &words([3, 0]))]);
    let reverse = [words([259, 2, 0x8001, 4]), longs([29_305]), words([8, 4])].concat();
    let both = ipfix(1, 4, &[set(2, &reverse), set(259, &longs([5, 1, 6, 2]))]);
    vec![
        export_input(2, &[flows.clone(), rates]),
        export_input(2, &[variable]),
        export_input(2, &[flows, gone]),
        export_input(2, &[both]),
    ]
}

fn sample_seeds() -> Vec<Vec<u8>> {
    use exports::{flow_sample, longs, raw_header, sampled, sflow};
    let switch = sampled(1001, &longs([100, 0, 200, 0]));
    let router = sampled(1002, &longs([1, 0x0a00_00fd, 24, 16]));
    let gateway = sampled(1003, &longs([1, 1, 64_500, 64_501, 64_502, 1, 2, 2, 64_503, 64_504]));
    let packet = sampled(3, &longs([1000, 17, 0x0a00_0001, 0x0a00_0002, 1000, 53, 0, 0]));
    let expanded = sampled(3, &[longs([1, 0, 5, 64, 1000, 0, 0, 70_000, 0, 80_000, 1]), packet].concat());
    let full = flow_sample(512, &[raw_header(), switch, router, gateway]);
    vec![
        export_input(4, &[sflow(1, 1, &[full.clone(), sampled(2, &[0; 8])])]),
        export_input(4, &[sflow(1, 1, &[expanded]), sflow(1, 3, &[full])]),
        export_input(4, &[sflow(1, 1, &[flow_sample(1, &[raw_header()])])]),
    ]
}

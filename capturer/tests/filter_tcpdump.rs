//! The filter language beside tcpdump: the same packets on real captures, and the same grouping of `and`, `or`, `not`
//! and arithmetic. Only what means the same in view position is compared: no VLANs or tunnels, IPv6 without extension
//! headers, whole frames. Skipped with a word where tcpdump or the captures are not there.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use capturer::decode::decode;
use capturer::filter::Filter;
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};
use capturer::{Packet, Vlan};

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures/benign");

/// Ethernet captures of many protocols, each below 1 MB.
const LARGEST: u64 = 1 << 20;
const MOST_CAPTURES: usize = 10;

const EXPRESSIONS: &[&str] = &[
    "",
    "ip",
    "ip6",
    "arp",
    "rarp",
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "igmp",
    "sctp",
    "esp or ah",
    "pim or vrrp",
    "not ip",
    "ip or ip6",
    "tcp and not port 22",
    "tcp port 80",
    "port 80 or 443",
    "tcp port 80 or 443 or 22",
    "udp port 53",
    "port 53",
    "src port 53",
    "dst port 53",
    "tcp src port 443",
    "src or dst port 80",
    "src and dst port 53",
    "portrange 1-1023",
    "tcp dst portrange 80-443",
    "udp portrange 1024-65535",
    "portrange 0-65535",
    "port http",
    "port domain",
    "tcp port https",
    "port ssh",
    "host 127.0.0.1",
    "host 192.168.1.1",
    "src host 192.168.1.1",
    "net 10.0.0.0/8",
    "net 192.168",
    "src net 192.168.0.0/16",
    "src and dst net 192.168.0.0/16",
    "dst net 172.16.0.0/12",
    "not net 10.0.0.0/8 and not net 192.168.0.0/16",
    "net 0.0.0.0/0",
    "ip6 net fe80::/10",
    "ip6 net ::/0",
    "ip6 host ::1",
    "ip6 and udp port 53",
    "host 8.8.8.8 or 1.1.1.1",
    "arp host 192.168.1.1",
    "ip host 192.168.1.1",
    "tcp[tcpflags] & tcp-syn != 0 and ip",
    "ip and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
    "ip and tcp[13] = 18",
    "ip and tcp[0:2] = 80",
    "ip and tcp[2:2] > 1023",
    "ip and tcp[14:2] < 1024",
    "ip and tcp[12] & 0xf0 > 0x50",
    "ip[8] < 65",
    "ip[0] & 0xf != 5",
    "ip[6:2] & 0x1fff != 0",
    "ip[6] & 0x40 != 0",
    "not ip[6] & 0x40 != 0",
    "ip[2:2] > 1000",
    "ip[9] = 17",
    "ip and udp[4:2] > 100",
    "ip and udp[8] & 0x80 != 0",
    "icmp[icmptype] = icmp-echo",
    "icmp[icmpcode] != 0",
    "icmp6[icmp6type] = icmp6-neighborsolicit",
    "ip6[6] = 17",
    "arp[6:2] = 1",
    r"ip proto \tcp",
    "ip proto 17 or 2",
    "ip6 proto 17",
    "proto 17",
    "less 64",
    "greater 1000",
    "len <= 100 and udp",
    "len = 60",
    "broadcast",
    "multicast",
    "ip multicast",
    "ip6 multicast",
    "ip broadcast or arp",
    "ether proto 0x0800",
    r"ether proto \arp",
    "ether[12:2] = 0x86dd",
    "ether host ff:ff:ff:ff:ff:ff",
    "ether dst ff:ff:ff:ff:ff:ff",
    "ether[0] & 1 = 1",
    "vlan",
    "not (tcp or udp)",
    "!icmp && udp",
    "(tcp or udp) and not port 53",
    "tcp && (port 80 || port 443)",
    "((ip and (tcp or udp)) or ip6) and not broadcast",
    "tcp or udp and port 53",
    "tcp or (udp and port 53)",
    "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0) and ip",
    "ip and tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
    "ip[12:4] = ip[16:4]",
    "ip[16] >= 224",
    "ip[2:2] * 2 > 1000",
    "ip[8] % 2 = 0",
    "ip[4:2] ^ 0xffff != 0",
    "ip[8] * 3 % 4 + 1 > 20",
    "port 0",
];

fn tcpdump_is_here() -> bool {
    Command::new("tcpdump").arg("--version").output().is_ok()
}

/// Decoded frames of a source with their bytes; frames that are no packets are left out.
fn packets(mut source: FileSource) -> Vec<(Packet, Vec<u8>)> {
    let mut out = Vec::new();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if let Ok(packet) = decode(&frame) {
            out.push((packet, frame.bytes.to_vec()));
        }
    }
    out
}

/// Whether both positions mean the same by every packet of the capture.
fn is_plain(packets: &[(Packet, Vec<u8>)]) -> bool {
    let ethernet = |bytes: &[u8], packet: &Packet| bytes.get(..6) == Some(&packet.destination_mac.0);
    packets.iter().all(|(packet, bytes)| {
        let extended = packet.source.is_ipv6() && packet.network_options_len > 0;
        let direct = matches!(bytes.get(12..14), Some([0x08, 0x00 | 0x06] | [0x86, 0xdd]));
        packet.vlan == Vlan::NONE && !extended && direct && ethernet(bytes, packet)
    })
}

fn captures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(CAPTURES)
        .map(|dir| dir.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    paths.retain(|path| path.metadata().is_ok_and(|file| file.len() < LARGEST));
    paths.sort();
    paths
}

/// The frames that tcpdump lets through, as bytes; none when it refuses the filter.
fn tcpdump(path: &Path, expression: &str) -> Option<Vec<Vec<u8>>> {
    let mut command = Command::new("tcpdump");
    command.args(["-n", "-w", "-", "-r"]).arg(path).arg(expression).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    let source = FileSource::from_reader("tcpdump", Box::new(Cursor::new(output.stdout))).ok()?;
    Some(packets(source).into_iter().map(|(_, bytes)| bytes).collect())
}

#[test]
fn the_same_packets_pass_as_in_tcpdump() {
    if !tcpdump_is_here() {
        println!("skipped: tcpdump is not installed");
        return;
    }
    let (mut compared, mut used) = (0, 0);
    for path in captures() {
        let Ok(source) = FileSource::open(&path) else { continue };
        let frames = packets(source);
        if used == MOST_CAPTURES || frames.is_empty() || !is_plain(&frames) {
            continue;
        }
        used += 1;
        for expression in EXPRESSIONS {
            let filter = Filter::parse(expression).unwrap();
            let Some(theirs) = tcpdump(&path, expression) else { continue };
            let passed = frames.iter().filter(|(packet, bytes)| filter.matches(packet, bytes));
            let ours: Vec<&Vec<u8>> = passed.map(|(_, bytes)| bytes).collect();
            assert!(
                ours.iter().copied().eq(&theirs),
                "{}: {expression}: {} of {}",
                path.display(),
                ours.len(),
                theirs.len()
            );
            compared += 1;
        }
    }
    match used {
        0 => println!("skipped: no captures in {CAPTURES}"),
        _ => assert!(compared >= used * 60, "{compared} comparisons on {used} captures"),
    }
    println!("{compared} comparisons on {used} captures");
}

/// The program that tcpdump makes of a filter.
fn compiled(expression: &str) -> Option<String> {
    let output = Command::new("tcpdump").args(["-y", "EN10MB", "-d", expression]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn canonical_text_groups_as_tcpdump_groups_what_was_typed() {
    if !tcpdump_is_here() {
        println!("skipped: tcpdump is not installed");
        return;
    }
    let grouping = [
        "tcp or udp and ip6",
        "tcp and udp or ip6",
        "not tcp and udp or ip6",
        "not tcp or udp and not port 53",
        "port 80 or 443 and tcp",
        "port 80 and host 10.0.0.1 or 10.0.0.2 and udp",
        "host 10.0.0.1 and not port 80 or 443",
        "tcp or (udp and port 53) or icmp and ip",
        "port 80 or (udp) or 443",
        "ip[0] * 2 % 3 + 4 = 0",
        "ip[0] % 3 * 2 = 0",
        "ip[0] | ip[1] & 2 << 1 + 2 * 3 = 0",
        "ip[0] ^ ip[1] | 2 = 0",
        "ip[0] - ip[1] - ip[2] = 0",
        "src 10.0.0.1 or dst 10.0.0.2 or 10.0.0.3",
        "tcp dst port ftp or ftp-data or domain",
        "src or dst port 80 and src and dst net 10.0.0.0/8",
        "host 192.168 or net 10 or net 172.16.0.0/12",
    ];
    for text in grouping.iter().chain(EXPRESSIONS) {
        let canonical = Filter::parse(text).unwrap().to_string();
        let typed = compiled(text);
        assert!(typed.is_some(), "{text}");
        assert_eq!(typed, compiled(&canonical), "{text} → {canonical}");
    }
}

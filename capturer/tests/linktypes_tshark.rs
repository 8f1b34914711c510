//! Every IP layer of every frame of the collection's link types, tunnels and damaged captures as tshark dissects it: where
//! its header begins, addresses, upper-layer protocol, ports. Skipped, with a word, where tshark or the collection is absent.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use capturer::Packet;
use capturer::decode::layers;
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

/// Captures that differ, in how many frames, and why; `docs/LINKTYPES.md` has the same list.
const EXCEPTIONS: &[(&str, usize, &str)] = &[
    (
        "zeek__cisco-fabric-path.pcap",
        24,
        "tshark takes the last four bytes of a FabricPath frame for a checksum; here they are the packet's",
    ),
    (
        "zeek__ipv6-mobility-dst-opts.pcap",
        1,
        "an option runs past its extension header: tshark gives up, we go on behind the header as its length says",
    ),
    ("gopacket__test102.pcapng", 7, "tshark numbers custom blocks as frames"),
    ("gopacket__test202.pcapng", 11, "tshark numbers custom blocks as frames"),
    ("nDPI__fuzz-2006-06-26-2594.pcap", 2, "a cut TCP header: tshark shows its ports, we call it cut"),
    ("nDPI__fuzz-2006-09-29-28586.pcap", 1, "a cut TCP header: tshark shows its ports, we call it cut"),
    ("suricata__ip_secopt.pcap", 1, "a malformed IPv4 option: tshark gives up, we go on behind the header"),
    ("tcpdump__udp-length-heapoverflow.pcap", 1, "a cut UDP header: tshark shows its ports, we call it cut"),
];

/// What both know of an IP header.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Layer {
    offset: u32,
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    ports: Option<(u16, u16)>,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, source, destination, protocol, ports } = self;
        write!(f, "at {offset} {source} > {destination} protocol {protocol} ports {ports:?}")
    }
}

impl From<Packet> for Layer {
    fn from(packet: Packet) -> Self {
        Self {
            offset: packet.network_offset.into(),
            source: packet.source,
            destination: packet.destination,
            protocol: packet.protocol.0,
            ports: packet.ports().map(|ports| (ports.source, ports.destination)),
        }
    }
}

/// Layers by frame number, outermost first.
type Frames = BTreeMap<u64, Vec<Layer>>;

fn ours(path: &Path) -> Frames {
    let mut frames = Frames::new();
    let Ok(mut source) = FileSource::open(path) else { return frames };
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        let ip = layers(&frame).flatten().map(|layer| layer.packet).filter(Packet::is_ip);
        frames.insert(frame.number, ip.map(Layer::from).collect());
    }
    frames
}

/// Fragments are not put together, as we don't; of a packet's details only the protocols compared are written.
fn theirs(path: &Path) -> Option<Frames> {
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-T", "pdml"]);
    tshark.args(["-J", "ip ipv6 tcp udp sctp", "-r"]).arg(path);
    let output = tshark.output().ok()?;
    let mut reading = Pdml::default();
    String::from_utf8_lossy(&output.stdout).lines().for_each(|line| reading.line(line));
    Some(reading.frames)
}

/// tshark's details, a line at a time. Protocols at the root of the tree are layers; those deeper are quoted in errors.
#[derive(Default)]
struct Pdml {
    frames: Frames,
    root: String,
    fields: BTreeMap<String, String>,
    number: u64,
}

impl Pdml {
    fn line(&mut self, line: &str) {
        let Some(name) = attribute(line, "name") else {
            if line == "  </proto>" {
                self.close();
            }
            return;
        };
        if line.starts_with("  <proto") {
            self.root = name.to_owned();
            self.fields.clear();
            self.fields.insert("pos".to_owned(), attribute(line, "pos").unwrap_or_default().to_owned());
        } else if let Some(show) = attribute(line, "show") {
            self.field(name, show, line.starts_with("    <field"));
        }
    }

    /// The first of a name counts, but for an extension header's "next header".
    fn field(&mut self, name: &str, show: &str, direct: bool) {
        if name.starts_with("ip") && name.ends_with(".nxt") || name == "mip6.proto" {
            self.fields.insert("nxt".to_owned(), show.to_owned());
        } else if direct && !self.fields.contains_key(name) {
            self.fields.insert(name.to_owned(), show.to_owned());
        }
    }

    fn get<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.fields.get(name)?.parse().ok()
    }

    fn close(&mut self) {
        match self.root.as_str() {
            "geninfo" => {
                self.number = self.get("num").unwrap();
                self.frames.insert(self.number, Vec::new());
            }
            "ip" => self.layer("ip.src", "ip.dst", "ip.proto"),
            "ipv6" => self.layer("ipv6.src", "ipv6.dst", "nxt"),
            "tcp" | "udp" | "sctp" => self.ports(),
            _ => {}
        }
    }

    fn layer(&mut self, source: &str, destination: &str, protocol: &str) {
        let (Some(source), Some(destination)) = (self.get(source), self.get(destination)) else { return };
        let (offset, protocol) = (self.get("pos").unwrap(), self.get(protocol).unwrap_or(0));
        let layer = Layer { offset, source, destination, protocol, ports: None };
        self.frames.get_mut(&self.number).unwrap().push(layer);
    }

    fn ports(&mut self) {
        let [source, destination] =
            ["srcport", "dstport"].map(|end| self.get(&format!("{}.{end}", self.root)));
        let last = self.frames.get_mut(&self.number).unwrap().last_mut();
        if let (Some(last), Some(source), Some(destination)) = (last, source, destination) {
            last.ports = Some((source, destination));
        }
    }
}

/// The value of an attribute of a line of XML.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn captures(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures")).join(folder);
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// How many frames differ, and the first that does.
fn difference(ours: &Frames, theirs: &Frames) -> (usize, String) {
    let frames: BTreeSet<u64> = ours.keys().chain(theirs.keys()).copied().collect();
    let differing: Vec<u64> = frames.into_iter().filter(|n| ours.get(n) != theirs.get(n)).collect();
    let text = |frames: &Frames| {
        let layers = differing.first().and_then(|first| frames.get(first)).into_iter().flatten();
        layers.map(Layer::to_string).collect::<Vec<_>>().join(" | ")
    };
    let first = format!("{:?}: [{}], tshark [{}]", differing.first(), text(ours), text(theirs));
    (differing.len(), first)
}

#[test]
fn every_layer_of_every_link_type_is_as_tshark_has_it() {
    compare("linktypes");
}

#[test]
fn every_layer_of_damaged_captures_is_as_tshark_has_it() {
    compare("malformed");
}

fn compare(folder: &str) {
    let files = captures(folder);
    if files.is_empty() || Command::new("tshark").arg("-v").output().is_err() {
        println!("skipped: no captures, or no tshark");
        return;
    }
    let mut wrong = Vec::new();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy();
        let expected =
            EXCEPTIONS.iter().find(|(file, ..)| *file == name).map_or(0, |(_, differing, _)| *differing);
        let (differing, first) = difference(&ours(path), &theirs(path).unwrap());
        if differing != expected {
            wrong.push(format!("{name}: {differing} frames differ, {expected} expected; {first}"));
        }
    }
    println!("{folder}: {} captures", files.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

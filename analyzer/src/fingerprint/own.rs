//! Our own signature file, line by line: each says where it comes from, and a packet or head made from it is told as its
//! label, so that no line stands in the shadow of another's.

use capturer::decode::decode;
use capturer::{Frame, LinkType, Timestamp};

use super::http::{HttpPrint, Role};
use super::tcp::TcpPrint;
use super::window::Window;
use super::{Database, HttpPattern, Layout};

const TEXT: &str = include_str!("signatures.fp");

/// A line `sig = …` with what stands above it.
struct Line {
    number: u32,
    section: String,
    label: String,
    comment: String,
    signature: String,
}

/// All of them.
fn lines() -> Vec<Line> {
    let (mut section, mut label, mut comment) = (String::new(), String::new(), String::new());
    let mut all = Vec::new();
    for (number, line) in (1..).zip(TEXT.lines()) {
        if line.starts_with('[') {
            section = line.to_owned();
        } else if let Some(text) = line.strip_prefix("; ") {
            comment = text.to_owned();
        } else if let Some((key, value)) = line.split_once('=') {
            match key.trim() {
                "label" => label = value.trim().to_owned(),
                "sig" => all.push(Line {
                    number,
                    section: section.clone(),
                    label: label.clone(),
                    comment: std::mem::take(&mut comment),
                    signature: value.trim().to_owned(),
                }),
                _ => {}
            }
        }
    }
    all
}

/// A label as it is told.
fn told(label: &str) -> String {
    let mut fields = label.splitn(4, ':').skip(2);
    let (name, flavor) = (fields.next().unwrap_or(label), fields.next().unwrap_or_default());
    format!("{name} {flavor}").trim().to_owned()
}

/// What a TCP line stands for, with a value for each `*`; of `version` where it serves both.
struct Made<'a> {
    version: u8,
    ttl: u8,
    mss: u16,
    window: u16,
    scale: u8,
    layout: Layout,
    quirks: Vec<&'a str>,
    payload: bool,
}

impl<'a> Made<'a> {
    fn of(signature: &'a str, version: u8) -> Self {
        let [own_version, ttl, _, mss, window, layout, quirks, payload] =
            signature.split(':').collect::<Vec<_>>()[..]
        else {
            panic!("{signature}")
        };
        let (window, scale) = window.split_once(',').unwrap();
        let times = window.strip_prefix("mss*").map(|times| times.parse::<u16>().unwrap());
        let layout: Layout = layout.parse().unwrap();
        let roomy = times.map_or(1460, |times| 1460.min(65_535 / times));
        let mss = mss.parse().unwrap_or(if layout.kinds().contains(&2) { roomy } else { 0 });
        Self {
            version: own_version.parse().unwrap_or(version),
            ttl: ttl.trim_end_matches('-').parse().unwrap(),
            mss,
            window: times.map_or_else(|| window.parse().unwrap_or(5001), |times| times * mss),
            scale: scale.parse().unwrap_or(7),
            layout,
            quirks: quirks.split(',').collect(),
            payload: payload == "+",
        }
    }

    fn has(&self, quirk: &str) -> bool {
        self.quirks.contains(&quirk)
    }

    /// The options; one whose length is open fills the last word.
    fn options(&self) -> Vec<u8> {
        let (mut options, mut open) = (Vec::new(), None);
        for kind in self.layout.kinds() {
            match kind {
                0 | 1 => options.push(*kind),
                2 => options.extend([2, 4, (self.mss >> 8) as u8, self.mss as u8]),
                3 => options.extend([3, 3, self.scale]),
                4 => options.extend([4, 2]),
                8 => options.extend([8, 10, 0, 0, 0, u8::from(!self.has("ts1-")), 0, 0, 0, 0]),
                other => {
                    open = Some(options.len() + 1);
                    options.extend([*other, 2]);
                }
            }
        }
        if let Some(place) = open {
            while options.len() % 4 != 0 {
                options.insert(place + 1, 0);
                options[place] += 1;
            }
        }
        options.resize(options.len().next_multiple_of(4), 0);
        options
    }

    fn segment(&self, is_answer: bool) -> Vec<u8> {
        let options = self.options();
        let mut flags = if is_answer { 0x12 } else { 2 };
        flags |= if self.has("ecn") { 0xc0 } else { 0 };
        let mut tcp = vec![0x9c, 0x40, 0, 80, 0, 0, 0, u8::from(!self.has("seq-"))];
        tcp.extend([0, 0, 0, u8::from(is_answer || self.has("ack+"))]);
        tcp.extend([((20 + options.len()) as u8 / 4) << 4, flags]);
        tcp.extend(self.window.to_be_bytes());
        tcp.extend([0, 0, u8::from(self.has("uptr+")), 0]);
        tcp.extend(options);
        tcp.extend(self.payload.then_some(b'x'));
        tcp
    }

    fn packet(&self, is_answer: bool) -> Vec<u8> {
        let tcp = self.segment(is_answer);
        let len = (tcp.len() as u16).to_be_bytes();
        let mut packet = if self.version == 6 {
            let label = u8::from(self.has("flow"));
            let mut packet = vec![0x60, 0, 0, label, len[0], len[1], 6, self.ttl];
            packet.extend([0x20; 32]);
            packet
        } else {
            let identified = self.has("id+") || !self.has("df") && !self.has("id-");
            let whole = if self.has("df") { 0x40 } else { 0 };
            let all = (20 + tcp.len() as u16).to_be_bytes();
            vec![0x45, 0, all[0], all[1], 0, identified.into(), whole, 0, self.ttl, 6, 0, 0]
        };
        if self.version == 4 {
            packet.extend([192, 0, 2, 1, 198, 51, 100, 1]);
        }
        packet.extend(tcp);
        packet
    }
}

/// Who a packet is told to be.
fn name(database: &Database, made: &Made<'_>, is_answer: bool) -> String {
    let bytes = made.packet(is_answer);
    let link = if made.version == 6 { LinkType::IPV6 } else { LinkType::IPV4 };
    let frame = Frame { number: 1, at: Timestamp::EPOCH, wire_len: bytes.len() as u32, link, bytes: &bytes };
    let print = TcpPrint::of(&decode(&frame).unwrap(), &bytes).unwrap();
    let window = Window::of(&print, 0);
    let found =
        if is_answer { database.find_syn_ack(&print, window) } else { database.find_syn(&print, window) };
    let label = database.matched(&found).filter(|found| !found.fuzzy);
    label.map_or_else(|| "nobody".to_owned(), |found| database.label(found.label).unwrap().to_string())
}

#[test]
fn every_line_says_where_it_comes_from() {
    for Line { number, comment, .. } in lines() {
        assert!(comment.ends_with('.'), "line {number}: no comment above it");
    }
}

#[test]
fn every_tcp_line_is_found_by_a_packet_made_from_it() {
    let database = Database::own();
    for line in lines().iter().filter(|line| line.section.starts_with("[tcp")) {
        let is_answer = line.section == "[tcp:response]";
        for version in [4, 6] {
            let made = Made::of(&line.signature, version);
            let serves_both = line.signature.starts_with('*') && made.has("flow");
            if version == 4 || serves_both || made.version == 6 {
                let name = name(&database, &made, is_answer);
                assert_eq!(
                    name,
                    told(&line.label),
                    "line {}: {} as IPv{version}",
                    line.number,
                    line.signature
                );
            }
        }
    }
}

#[test]
fn every_link_is_found_by_its_unit() {
    for line in lines().iter().filter(|line| line.section == "[mtu]") {
        let link = Database::own().link(line.signature.parse().unwrap()).map(ToString::to_string);
        assert_eq!(link.as_ref(), Some(&line.label), "line {}", line.number);
    }
}

#[test]
fn every_http_line_is_found_by_a_head_made_from_it() {
    for line in lines().iter().filter(|line| line.section.starts_with("[http")) {
        let role = if line.section == "[http:request]" { Role::Request } else { Role::Response };
        let pattern: HttpPattern = line.signature.parse().unwrap();
        assert_eq!(pattern.to_string(), line.signature);
        let print = HttpPrint {
            role,
            version: u8::from(!line.signature.starts_with('0')),
            headers: pattern.example(role),
        };
        let (found, dishonest) = Database::own().find_head(&print).unwrap();
        let name = Database::own().label(found.label).unwrap().to_string();
        assert_eq!((name, dishonest), (told(&line.label), false), "line {}", line.number);
    }
}

//! How large and how fast the store is, with the traffic of a busy home: figures for docs/HISTORY.md.
//!
//! `DAYS=30 cargo test --release -p visualizer --lib history::measure::a_busy -- --ignored --nocapture`, which takes hours: with
//! `KEPT=file` it goes on with the file that it left when it was stopped, and leaves it. The same flows for nfdump
//! with `history::measure::the_same` and `COLLECTOR=127.0.0.1:9995`, where `nfcapd -p 9995 -B 200000000 -w folder` listens.

use std::net::{IpAddr, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use analyzer::aggregate::Counting;
use analyzer::flows::Plan;
use analyzer::geo::{Geo, Needs};
use analyzer::history::{Between, Joiner, LeftOut, Side, Slice, Step, block};
use analyzer::{Devices, Direction, Facts, LocalNetworks, Origin, Setup, State, Volume};
use capturer::{Mac, Network, Protocol, Vlan};
use rusqlite::OpenFlags;

use super::count::count;
use super::database::{Block, Database, connect};
use super::keeper::{FLOWS, Place};
use super::levels::Keep;
use super::query::answer;
use crate::live::Learned;
use crate::settings::History;

/// Flows that begin in a second, over a day on average: 50 million in 30 days.
const FLOWS_A_SECOND: f64 = 19.3;

/// Where the traffic begins, a Monday.
const BEGIN: i64 = 1_796_601_600;

/// Numbers that look random, the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// Small numbers often, large ones seldom: 1 to `most`.
    fn few(&mut self, most: f64) -> u64 {
        let even = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        most.powf(even) as u64
    }

    /// A public address, some much more often than others.
    fn remote(&mut self) -> IpAddr {
        let rank = self.few(20_000.0);
        let mut dice = Dice(rank);
        let first = 1 + dice.below(222);
        let first = if [10, 127, 172, 192].contains(&first) { 8 } else { first };
        IpAddr::from([first as u8, dice.next() as u8, dice.next() as u8, dice.next() as u8])
    }
}

fn slice(dice: &mut Dice, at: i64) -> Slice {
    let side = |address, port| Side { address, port, mac: Mac([2, 0, 0, 0, 0, 1]) };
    let own = IpAddr::from([192, 168, 1, 10 + dice.below(30) as u8]);
    let port = [443, 443, 443, 443, 80, 53, 123, 8080][dice.below(8) as usize];
    let packets = dice.few(5000.0);
    Slice {
        at,
        between: Between {
            opener: side(own, 32_768 + dice.below(28_000) as u16),
            answerer: side(dice.remote(), port),
            network: Network::Ipv4,
            protocol: if port == 443 { Protocol::TCP } else { Protocol::UDP },
            vlan: Vlan::NONE,
            has_ports: true,
        },
        direction: Direction::Out,
        sent: Volume { packets, bytes: packets * 90 },
        received: Volume { packets: packets * 2, bytes: packets * 2 * (200 + dice.below(1200)) },
        begun: 1,
        continues: false,
        led: true,
        state: State::Closed,
        first_ms: dice.below(500) as u32,
        last_ms: 500 + dice.below(500) as u32,
        flags: [0x1b, 0x1b],
    }
}

fn setup() -> Setup {
    Setup {
        facts: Facts {
            geo: Geo::bundled(Needs { country: true, asn: true }),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        },
        homes: Vec::new(),
        dimensions: Vec::new(),
        live: false,
        hosts: true,
        names: false,
        memory: 16 << 20,
        counting: Counting::default(),
        devices: Devices::default(),
        inventory: None,
    }
}

/// Ten seconds of so many flows a second.
fn step(dice: &mut Dice, at: i64, flows_a_second: f64) -> Step {
    let flows = (flows_a_second * 10.0) as i64;
    let slices = (0..flows).map(|n| slice(dice, at + n * 10 / flows.max(1))).collect();
    Step { at, slices, left_out: LeftOut { at, ..LeftOut::default() } }
}

/// A day's rhythm: little at four in the morning, much in the evening.
fn rhythm(at: i64) -> f64 {
    let day = at.rem_euclid(86_400) as f64 / 86_400.0;
    FLOWS_A_SECOND * (1.0 - 0.8 * (std::f64::consts::TAU * (day - 0.17)).cos())
}

fn days() -> i64 {
    std::env::var("DAYS").ok().and_then(|days| days.parse().ok()).unwrap_or(1)
}

/// Up to when a file has flows.
fn reached(place: &Place) -> i64 {
    let Ok(connection) = connect(place, OpenFlags::SQLITE_OPEN_READ_ONLY) else { return i64::MIN };
    connection
        .query_row("SELECT COALESCE(MAX(last), 0) FROM blocks", [], |row| row.get(0))
        .unwrap_or(i64::MIN)
}

fn file() -> PathBuf {
    if let Some(kept) = std::env::var_os("KEPT") {
        return kept.into();
    }
    std::env::temp_dir().join(format!("wireglobe-measure-{}.sqlite", std::process::id()))
}

#[test]
#[ignore = "it measures; minutes for each day"]
fn a_busy_home() {
    let days = days();
    let place = Place::File(file());
    let reached = reached(&place);
    let mut database = Database::open(&place).unwrap();
    let (setup, keep, mut dice) = (setup(), Keep::of(&History::default(), &place), Dice(1));
    let (mut flows, mut written) = (0, Duration::ZERO);
    let mut minute = Joiner::default();
    for at in (BEGIN..BEGIN + days * 86_400).step_by(10) {
        let step = step(&mut dice, at, rhythm(at));
        flows += step.slices.len();
        if at < reached {
            minute.begin(at + 10);
            continue;
        }
        let began = Instant::now();
        step.slices.iter().for_each(|slice| minute.add(slice));
        let blocks: Vec<Block> =
            ((at + 10) % FLOWS == 0).then(|| block_of(&mut minute, at + 10)).into_iter().collect();
        let counted = count(&step, &setup, &Learned::nothing(), keep.rows);
        database.add(Some(&counted), &blocks, &keep).unwrap();
        written += began.elapsed();
    }
    let bytes = database.bytes().unwrap().0;
    println!("{days} days, {flows} flows: {:.1} MB, written in {written:.1?}", bytes as f64 / 1e6);
    for (name, by, span, interval) in [
        ("24 h by country in 5 minutes", "country", 86_400, 300),
        ("all days by country in an hour", "country", days * 86_400, 3600),
        ("24 h by AS in 5 minutes", "asn", 86_400, 300),
        ("24 h by host in 5 minutes", "host", 86_400, 300),
        ("24 h by source port, of flows", "sp", 86_400, 300),
    ] {
        let to = BEGIN + days * 86_400;
        let plan = Plan {
            interval: Some(interval),
            from: Some(to - span),
            to: Some(to - 1),
            ..Plan::by(by).unwrap()
        };
        let took = (0..3).map(|_| {
            let began = Instant::now();
            answer(&place, plan.clone(), &setup.facts, &mut |_, _| true).unwrap();
            began.elapsed()
        });
        println!("{name}: {:.3?}", took.min().unwrap());
    }
    if std::env::var_os("KEPT").is_none() {
        std::fs::remove_file(file()).unwrap();
    }
}

fn block_of(minute: &mut Joiner, to: i64) -> Block {
    let step = minute.take().unwrap_or_default();
    minute.begin(to);
    Block { kind: 'S', within: (to - FLOWS, to), flows: step.slices.len(), data: block::write(&step.slices) }
}

/// Milliseconds since the exporter's start, in each datagram.
const UPTIME: u32 = 100_000;

/// A NetFlow v5 datagram of both ways of flows.
fn datagram(sequence: u32, slices: &[Slice]) -> Vec<u8> {
    let records = slices.len() as u16 * 2;
    let at = slices[0].at as u32;
    let mut datagram = [[0, 5].as_slice(), &records.to_be_bytes()].concat();
    for word in [UPTIME, at, 0, sequence, 0] {
        datagram.extend(word.to_be_bytes());
    }
    for slice in slices {
        let Between { opener, answerer, protocol, .. } = slice.between;
        for (from, to, volume) in [(opener, answerer, slice.sent), (answerer, opener, slice.received)] {
            let address = |side: Side| match side.address {
                IpAddr::V4(address) => address.octets(),
                IpAddr::V6(_) => [0; 4],
            };
            datagram.extend([address(from), address(to), [0; 4], [0; 4]].concat());
            let time = |ms: u32| UPTIME + (slice.at as u32 - at) * 1000 + ms;
            for word in
                [volume.packets as u32, volume.bytes as u32, time(slice.first_ms), time(slice.last_ms)]
            {
                datagram.extend(word.to_be_bytes());
            }
            datagram.extend([from.port.to_be_bytes(), to.port.to_be_bytes()].concat());
            datagram.extend([[0, 0x1b, protocol.0, 0].as_slice(), &[0; 8]].concat());
        }
    }
    datagram
}

#[test]
#[ignore = "it sends; a collector must listen"]
fn the_same_flows_for_nfdump() {
    /// Flows of a datagram: v5 has room for 30 records.
    const TOGETHER: usize = 15;
    let collector = std::env::var("COLLECTOR").expect("COLLECTOR names nfcapd's address");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (mut dice, mut sequence) = (Dice(1), 0_u32);
    for at in (BEGIN..BEGIN + days() * 86_400).step_by(10) {
        let step = step(&mut dice, at, rhythm(at));
        for slices in step.slices.chunks(TOGETHER) {
            socket.send_to(&datagram(sequence, slices), &collector).unwrap();
            sequence = sequence.wrapping_add(slices.len() as u32 * 2);
        }
        // A collector on the same machine that is not given time loses some.
        if at % 600 == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    println!("{sequence} records");
}

/// Bytes that this process had written to the disk so far.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()).unwrap()
}

#[test]
#[ignore = "it measures"]
fn an_evening_on_the_disk() {
    let place = Place::File(file().with_extension("evening"));
    let mut database = Database::open(&place).unwrap();
    let (setup, keep, mut dice) = (setup(), Keep::of(&History::default(), &place), Dice(3));
    let (mut minute, mut before, mut spent) = (Joiner::default(), 0, Duration::ZERO);
    // Of two hours the second is measured: 170 flows in each ten seconds.
    for n in 0..720 {
        let at = BEGIN + n * 10;
        let step = step(&mut dice, at, 17.0);
        step.slices.iter().for_each(|slice| minute.add(slice));
        let blocks: Vec<Block> =
            ((at + 10) % FLOWS == 0).then(|| block_of(&mut minute, at + 10)).into_iter().collect();
        let counted = count(&step, &setup, &Learned::nothing(), keep.rows);
        if n == 360 {
            (before, spent) = (written(), Duration::ZERO);
        }
        let began = Instant::now();
        database.add(Some(&counted), &blocks, &keep).unwrap();
        spent += began.elapsed();
    }
    let (bytes, kept) = (written() - before, database.bytes().unwrap().0);
    println!(
        "{:.2} MB and {:.1?} a step; the file has {:.1} MB",
        bytes as f64 / 360e6,
        spent / 360,
        kept as f64 / 1e6
    );
    std::fs::remove_file(file().with_extension("evening")).unwrap();
}

#[test]
#[ignore = "it measures"]
fn two_thousand_flows_a_second() {
    let place = Place::File(file().with_extension("fast"));
    let mut database = Database::open(&place).unwrap();
    let (setup, keep, mut dice) = (setup(), Keep::of(&History::default(), &place), Dice(2));
    let (mut minute, mut written, steps) = (Joiner::default(), Duration::ZERO, 60);
    for n in 0..steps {
        let at = BEGIN + n * 10;
        let step = step(&mut dice, at, 2000.0);
        let began = Instant::now();
        step.slices.iter().for_each(|slice| minute.add(slice));
        let blocks: Vec<Block> =
            ((at + 10) % FLOWS == 0).then(|| block_of(&mut minute, at + 10)).into_iter().collect();
        let counted = count(&step, &setup, &Learned::nothing(), keep.rows);
        database.add(Some(&counted), &blocks, &keep).unwrap();
        written += began.elapsed();
    }
    let share = written.as_secs_f64() / (steps as f64 * 10.0) * 100.0;
    println!("2000 flows/s: {share:.2} % of a core ({:.1?} a step)", written / steps as u32);
    std::fs::remove_file(file().with_extension("fast")).unwrap();
}

//! A filter attached to the socket selects what the same filter selects of the frames' bytes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

mod live_lab;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use capturer::LinkType;
use capturer::filter::bpf::{Instruction, Program};
use capturer::filter::{Filter, FrameFilter};
use capturer::source::live::{LiveSettings, LiveSource, Method};
use capturer::source::{Next, Source};
use live_lab::{FLOWS, Seen, TAGGED, assert_balance, lab, send, take};

/// Asked of untagged UDP datagrams in 32 flows and of tagged frames.
const FILTERS: [&str; 10] = [
    "udp dst port 2005",
    "portrange 2003-2010 and not dst port 2004",
    "vlan",
    "vlan 42",
    "vlan 7 or dst port 2001",
    "not ip",
    "not vlan and ip",
    "ether[12:2] = 0x8100",
    "greater 100",
    "udp[8:4] & 3 = 1",
];

fn frame_filter(text: &str, link: LinkType) -> FrameFilter {
    Filter::parse(text).unwrap().frame(link).unwrap()
}

fn program(text: &str) -> Program {
    frame_filter(text, LinkType::ETHERNET).socket_program().unwrap()
}

fn open(filter: Option<Program>, method: Method) -> LiveSource {
    LiveSource::open(LiveSettings { filter, method, ..LiveSettings::new("cap") }).unwrap()
}

fn bytes(seen: Vec<Seen>) -> Vec<Vec<u8>> {
    seen.into_iter().map(|(.., bytes)| bytes).collect()
}

#[test]
fn the_socket_selects_what_the_filter_selects_of_the_bytes() {
    lab("the_socket_selects_what_the_filter_selects_of_the_bytes", |other| {
        for method in [Method::Ring, Method::Packet] {
            for text in FILTERS {
                let (mut all, mut some) = (open(None, method), open(Some(program(text)), method));
                send(other, 64, &format!("{FLOWS}100"));
                send(other, 10, TAGGED);
                let filter = frame_filter(text, LinkType::ETHERNET);
                let mut wanted = bytes(take(&mut all, 74));
                assert_eq!(wanted.len(), 74);
                wanted.retain(|bytes| filter.matches(bytes, bytes.len() as u32));
                assert_eq!(bytes(take(&mut some, 0)), wanted, "{text}");
                assert!(!some.status().filters_here());
                assert_balance(&mut some);
            }
        }
    });
}

#[test]
fn the_socket_selects_the_same_of_a_hundred_thousand_frames() {
    lab("the_socket_selects_the_same_of_a_hundred_thousand_frames", |other| {
        const SENT: usize = 100_000;
        let text = "udp dst portrange 2000-2015 and udp[8:4] % 3 = 1";
        let (mut all, mut some) = (open(None, Method::Ring), open(Some(program(text)), Method::Ring));
        send(other, SENT, &format!("{FLOWS}100"));
        let filter = frame_filter(text, LinkType::ETHERNET);
        let mut wanted = bytes(take(&mut all, SENT));
        assert_eq!(wanted.len(), SENT);
        wanted.retain(|bytes| filter.matches(bytes, bytes.len() as u32));
        assert!(wanted.len() > SENT / 10);
        assert!(bytes(take(&mut some, 0)) == wanted);
    });
}

#[test]
fn nothing_comes_before_the_filter() {
    lab("nothing_comes_before_the_filter", |other| {
        let other = other.to_owned();
        let sender = thread::spawn(move || send(&other, 300_000, &format!("{FLOWS}100")));
        let mut openings = 0;
        while !sender.is_finished() || openings == 0 {
            for method in Method::ALL {
                let settings = LiveSettings {
                    filter: Some(program("udp dst port 9")),
                    timeout: Duration::from_millis(30),
                    method,
                    ..LiveSettings::new("cap")
                };
                let mut source = LiveSource::open(settings).unwrap();
                assert!(matches!(source.next_frame().unwrap(), Next::Idle));
                assert_eq!((source.lost(), source.status().kernel_packets()), (0, 0));
                openings += 1;
            }
        }
        sender.join().unwrap();
    });
}

#[test]
fn a_filter_changes_while_running_and_stays_when_the_interface_comes_back() {
    lab("a_filter_changes_while_running_and_stays_when_the_interface_comes_back", |other| {
        for method in Method::ALL {
            let mut source = open(Some(program("udp dst port 2000")), method);
            let count = |source: &mut LiveSource| {
                send(other, 64, &format!("{FLOWS}100"));
                take(source, 0).len()
            };
            assert_eq!(count(&mut source), 2);
            source.set_filter(Some(program("udp dst portrange 2000-2003")));
            assert_eq!(count(&mut source), 8);
            live_lab::ip("link set cap down");
            live_lab::wait(&mut source, |source| source.status().blind_since().is_some());
            live_lab::ip("link set cap up");
            live_lab::wait(&mut source, |source| source.status().blind_since().is_none());
            assert_eq!(count(&mut source), 8);
            source.set_filter(None);
            assert_eq!(count(&mut source), 64);
            assert_balance(&mut source);
        }
    });
}

#[test]
fn a_filter_and_a_snap_length_hold_together() {
    lab("a_filter_and_a_snap_length_hold_together", |other| {
        let filter = Some(program("udp[8:4] = 5 or vlan 42"));
        let settings = LiveSettings { filter, snap_length: 20, ..LiveSettings::new("cap") };
        let mut source = LiveSource::open(settings).unwrap();
        send(other, 64, &format!("{FLOWS}100"));
        send(other, 5, TAGGED);
        let seen = take(&mut source, 6);
        assert_eq!(seen.iter().map(|(_, wire, _)| *wire).collect::<Vec<_>>(), [142, 60, 60, 60, 60, 60]);
        assert!(seen.iter().all(|(.., bytes)| bytes.len() == 20));
    });
}

/// Frames of a link type until none comes, for at most ten seconds.
fn take_cooked(source: &mut LiveSource) -> Vec<Vec<u8>> {
    let (mut seen, start) = (Vec::new(), Instant::now());
    while start.elapsed() < Duration::from_secs(10) {
        match source.next_frame().unwrap() {
            Next::Frame(frame) => {
                assert_eq!(frame.link, LinkType::LINUX_SLL);
                seen.push(frame.bytes.to_vec());
            }
            _ => break,
        }
    }
    seen
}

/// Makes an interface of type PPP and keeps it while its standard input lives: `TUNSETIFF` with `IFF_TUN | IFF_NO_PI`,
/// then `TUNSETLINK` (linux/if_tun.h).
const MAKE_PPP: &str = "
import fcntl, struct, sys
tun = open('/dev/net/tun', 'r+b', buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH22x', b'ppp', 0x1001))
fcntl.ioctl(tun, 0x400454cd, 512)
print('made', flush=True)
sys.stdin.read()
";

/// An interface whose frames have a header nobody decodes, for as long as the child's standard input lives.
fn ppp() -> Option<Child> {
    let mut python = Command::new("python3");
    let python = python.args(["-c", MAKE_PPP]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.stderr(Stdio::null()).spawn().ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    if line != "made\n" {
        return None;
    }
    live_lab::ip("addr add 10.88.0.1/24 dev ppp");
    live_lab::ip("link set ppp up");
    Some(child)
}

/// What to ask of cooked frames, and whether the socket leaves it to us.
const COOKED: [(&str, bool); 3] =
    [("udp dst port 2005", false), ("ip src 10.88.0.1 and greater 180", true), ("ip proto 17", false)];

fn cooked_selects(method: Method, text: &str, here: bool) {
    let filter = frame_filter(text, LinkType::LINUX_SLL);
    let open =
        |filter| LiveSource::open(LiveSettings { filter, method, ..LiveSettings::new("ppp") }).unwrap();
    let (mut all, mut some) = (open(None), open(Some(filter.socket_program().unwrap())));
    assert_eq!(some.status().filters_here(), here, "{text}");
    let socket = UdpSocket::bind("10.88.0.1:9999").unwrap();
    for (port, length) in (2000..2016).zip((100..).step_by(10)) {
        socket.send_to(&vec![7; length], ("10.88.0.2", port)).unwrap();
    }
    let mut wanted = take_cooked(&mut all);
    assert_eq!(wanted.len(), 16);
    assert!(wanted.iter().all(|bytes| bytes[..4] == [0, 4, 2, 0] && bytes[14..17] == [8, 0, 0x45]));
    wanted.retain(|bytes| filter.matches(bytes, bytes.len() as u32));
    assert!(!wanted.is_empty());
    assert_eq!(take_cooked(&mut some), wanted, "{text}");
}

#[test]
fn a_cooked_link_is_filtered_by_the_socket_where_it_can_be_and_here_where_not() {
    lab("a_cooked_link_is_filtered_by_the_socket_where_it_can_be_and_here_where_not", |_| {
        let Some(mut maker) = ppp() else {
            return println!("skipped: no python3, or no /dev/net/tun");
        };
        for method in [Method::Ring, Method::Packet] {
            COOKED.iter().for_each(|(text, here)| cooked_selects(method, text, *here));
        }
        drop(maker.stdin.take());
        maker.wait().unwrap();
    });
}

#[test]
fn a_program_the_socket_refuses_runs_here() {
    lab("a_program_the_socket_refuses_runs_here", |other| {
        // Of this namespace alone, from Linux 6.8 on; before, only the first namespace has the file.
        if fs::write("/proc/sys/net/core/optmem_max", "4096").is_err() {
            return println!("skipped: no optmem_max in this namespace");
        }
        let load = Instruction { code: 0x28, jt: 0, jf: 0, k: 36 };
        let mut instructions = vec![load; 4090];
        instructions.extend([
            Instruction { code: 0x15, jt: 0, jf: 1, k: 2000 },
            Instruction { code: 0x06, jt: 0, jf: 0, k: 262_144 },
            Instruction { code: 0x06, jt: 0, jf: 0, k: 0 },
        ]);
        let filter = Some(Program::from_instructions(instructions).unwrap());
        let mut source = LiveSource::open(LiveSettings { filter, ..LiveSettings::new("cap") }).unwrap();
        send(other, 64, &format!("{FLOWS}100"));
        assert_eq!(take(&mut source, 2).len(), 2);
        let status = source.status();
        assert!(status.filters_here());
        assert_eq!((status.filtered(), source.lost()), (62, 0));
        assert_eq!(status.delivered() + status.filtered(), status.kernel_packets());
    });
}

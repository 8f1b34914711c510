//! A TCP connection as the capture point sees it: handshake with the client's own options, data both ways with
//! acknowledgments, now and then a segment that is sent twice, and one of the ways it ends.
//!
//! Bulk data comes in frames of many segments, as Linux routers hand them over (generic receive offload), up to 64 kB.

use super::home::Host;
use super::stack::{Identification, SynOption};
use super::tape::{MILLISECOND, Micros, Tape};
use crate::craft::frame::{Payload, Route};
use crate::craft::random::Random;
use crate::craft::transport::{Segment, flag, tcp};

/// Who opened the connection and who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Sent the SYN.
    Client,
    /// Answered it.
    Server,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The most segments that one frame joins: what fits into IPv4's total length.
const MOST_JOINED: i64 = 44;

/// One frame in so many of a bulk transfer is seen twice.
const SENT_TWICE: u64 = 120;

/// The window in a Linux SYN-ACK.
const ANSWER_WINDOW: u16 = 65_160;

#[derive(Debug)]
struct Speaker {
    host: Host,
    port: u16,
    sequence: u32,
    clock: u32,
    identification: u16,
}

/// A connection.
#[derive(Debug)]
pub struct Talk<'a> {
    tape: &'a mut Tape,
    random: Random,
    speakers: [Speaker; 2],
    last: Side,
    /// When the last frame was seen.
    pub now: Micros,
    /// Bytes a millisecond of bulk transfers.
    pub rate: i64,
}

impl<'a> Talk<'a> {
    /// A connection to `port` of the second of `hosts`, not opened yet.
    pub fn new(tape: &'a mut Tape, random: &mut Random, hosts: (Host, Host), port: u16) -> Self {
        let random = Random::new(random.next());
        let mut draw = random.clone();
        let mut speaker = |host: Host, port: u16| Speaker {
            host,
            port,
            sequence: draw.next() as u32,
            clock: draw.next() as u32,
            identification: match host.stack.identification {
                Identification::Zero => 0,
                Identification::Counting => draw.next() as u16,
            },
        };
        let source_port = 49_152 + (random.clone().next() % 16_384) as u16;
        let speakers = [speaker(hosts.0, source_port), speaker(hosts.1, port)];
        Self { tape, random, speakers, last: Side::Client, now: 0, rate: 6_000 }
    }

    /// From `at` on.
    pub fn at(mut self, at: Micros) -> Self {
        self.now = at;
        self
    }

    /// The three-way handshake.
    pub fn open(&mut self) {
        self.syn();
        self.turn(Side::Server);
        self.syn_ack();
        self.turn(Side::Client);
        self.acknowledge(Side::Client, self.now);
    }

    /// The SYN alone.
    pub fn syn(&mut self) {
        let stack = self.speakers[0].host.stack;
        let options = self.syn_options(Side::Client, stack.options, stack.scale);
        self.send(Side::Client, (flag::SYN, stack.window), &options);
    }

    /// The same SYN again, after a second without an answer.
    pub fn syn_again(&mut self) {
        self.now += 1000 * MILLISECOND;
        self.speakers[0].sequence = self.speakers[0].sequence.wrapping_sub(1);
        self.syn();
    }

    /// The answer to a SYN: the options that were offered, in Linux's order.
    pub fn syn_ack(&mut self) {
        use SynOption::{Nop, Sack, Scale, SegmentSize, Timestamps};
        let offered = self.speakers[0].host.stack.options;
        let options: &[SynOption] = if offered.contains(&Timestamps) {
            &[SegmentSize, Sack, Timestamps, Nop, Scale]
        } else if offered.contains(&Sack) {
            &[SegmentSize, Nop, Nop, Sack, Nop, Scale]
        } else {
            &[SegmentSize]
        };
        let options = self.syn_options(Side::Server, options, 7);
        self.send(Side::Server, (flag::SYN | flag::ACK, ANSWER_WINDOW), &options);
    }

    /// Data from `side`: some leading bytes, and its whole length.
    pub fn say(&mut self, side: Side, head: &[u8], length: usize) {
        self.turn(side);
        let mut left = length.max(head.len());
        let mut head = head.to_vec();
        let mut unacknowledged = 0;
        while left > 0 {
            let size = self.frame_size(left, head.len());
            left -= size;
            self.data(side, &head, (size, left == 0));
            unacknowledged += 1;
            if left == 0 || unacknowledged == 2 {
                self.acknowledge(side.other(), self.now + self.speakers[side.other() as usize].host.delay);
                unacknowledged = 0;
            }
            self.now += if left == 0 { 0 } else { (size as i64 * 1000 / self.rate).max(20) };
            head = self.continuation(&head);
        }
    }

    /// What both say is a request and its answer.
    pub fn ask(&mut self, request: &[u8], answer: &[u8], answer_length: usize) {
        self.say(Side::Client, request, request.len());
        self.say(Side::Server, answer, answer_length);
    }

    /// Nothing happens for a while.
    pub fn pause(&mut self, time: Micros) {
        self.now += time;
    }

    /// A keep-alive: the last byte again (RFC 9293, section 3.8.4), and its acknowledgment.
    pub fn keep_alive(&mut self, side: Side) {
        let speaker = &mut self.speakers[side as usize];
        speaker.sequence = speaker.sequence.wrapping_sub(1);
        self.acknowledge(side, self.now);
        let speaker = &mut self.speakers[side as usize];
        speaker.sequence = speaker.sequence.wrapping_add(1);
        self.acknowledge(side.other(), self.now + self.speakers[side.other() as usize].host.delay);
    }

    /// FIN from `side`, FIN from the other, and the last acknowledgment.
    pub fn close(&mut self, side: Side) {
        self.turn(side);
        let options = self.timestamps(side);
        self.send(side, (flag::FIN | flag::ACK, self.window(side)), &options);
        self.turn(side.other());
        let options = self.timestamps(side.other());
        self.send(side.other(), (flag::FIN | flag::ACK, self.window(side.other())), &options);
        self.turn(side);
        self.acknowledge(side, self.now);
    }

    /// RST from `side`: there is nothing here, or no more.
    pub fn reset(&mut self, side: Side) {
        self.turn(side);
        self.send(side, (flag::RST | flag::ACK, 0), &[]);
    }

    /// What a frame within a burst begins with: another record where records are sealed, else anything.
    fn continuation(&mut self, head: &[u8]) -> Vec<u8> {
        let inside = self.random.bytes::<8>();
        if head.starts_with(&[23, 3, 3]) { [&head[..5], &inside].concat() } else { inside.to_vec() }
    }

    /// The largest that the next frame may be: one segment for what has a head that must not be split.
    fn frame_size(&mut self, left: usize, head: usize) -> usize {
        let segment = self.segment_size(Side::Client) as usize;
        let joined = self.random.between(MOST_JOINED - 16, MOST_JOINED + 1) as usize;
        left.min((segment - 12) * joined).max(head.min(left))
    }

    fn data(&mut self, side: Side, head: &[u8], (size, last): (usize, bool)) {
        let push = if last { flag::PSH } else { 0 };
        let payload = Payload { head, length: size };
        self.emit(side, (flag::ACK | push, self.window(side)), payload);
        if self.random.one_in(SENT_TWICE) {
            self.now += self.speakers[side as usize].host.delay + 200 * MILLISECOND;
            self.emit(side, (flag::ACK | push, self.window(side)), payload);
        }
        let speaker = &mut self.speakers[side as usize];
        speaker.sequence = speaker.sequence.wrapping_add(size as u32);
    }

    fn emit(&mut self, side: Side, control: (u8, u16), payload: Payload<'_>) {
        let options = self.timestamps(side);
        self.frame(side, self.now, (control, &options, payload));
    }

    fn send(&mut self, side: Side, control: (u8, u16), options: &[u8]) {
        self.frame(side, self.now, (control, options, Payload::default()));
        if control.0 & (flag::SYN | flag::FIN) != 0 {
            let speaker = &mut self.speakers[side as usize];
            speaker.sequence = speaker.sequence.wrapping_add(1);
        }
    }

    fn acknowledge(&mut self, side: Side, at: Micros) {
        let options = self.timestamps(side);
        self.frame(side, at, ((flag::ACK, self.window(side)), &options, Payload::default()));
    }

    fn frame(&mut self, side: Side, at: Micros, parts: ((u8, u16), &[u8], Payload<'_>)) {
        let ((flags, window), options, payload) = parts;
        let [client, server] = &self.speakers;
        let (from, to) = if side == Side::Client { (client, server) } else { (server, client) };
        let acknowledgment = if flags & flag::ACK == 0 { 0 } else { to.sequence };
        let segment = Segment {
            ports: (from.port, to.port),
            sequence: from.sequence,
            acknowledgment,
            flags,
            window,
            options,
        };
        let route = Route { from: from.host.end, to: to.host.end, identification: from.identification };
        self.tape.put(at, tcp(&route, &segment, payload));
        let from = &mut self.speakers[side as usize];
        from.identification = match from.host.stack.identification {
            Identification::Zero => 0,
            Identification::Counting => from.identification.wrapping_add(1).max(1),
        };
    }

    /// The other has spoken: answering takes its time.
    fn turn(&mut self, side: Side) {
        if self.last != side {
            self.now += self.speakers[side as usize].host.delay;
            self.last = side;
        }
    }

    fn window(&self, side: Side) -> u16 {
        self.speakers[side as usize].host.stack.later_window
    }

    fn segment_size(&self, side: Side) -> u16 {
        if self.speakers[side as usize].host.end.address.is_ipv4() { 1460 } else { 1440 }
    }

    fn clock(&self, side: Side) -> u32 {
        self.speakers[side as usize].clock.wrapping_add((self.now / MILLISECOND) as u32)
    }

    fn timestamps(&self, side: Side) -> Vec<u8> {
        if !self.speakers[0].host.stack.has_timestamps() {
            return Vec::new();
        }
        let mut options = vec![1, 1, 8, 10];
        options.extend(self.clock(side).to_be_bytes());
        options.extend(self.clock(side.other()).to_be_bytes());
        options
    }

    fn syn_options(&self, side: Side, options: &[SynOption], scale: u8) -> Vec<u8> {
        let echo = if side == Side::Client { 0 } else { self.clock(Side::Client) };
        options.iter().fold(Vec::with_capacity(24), |mut bytes, option| {
            match option {
                SynOption::SegmentSize => {
                    let [high, low] = self.segment_size(side).to_be_bytes();
                    bytes.extend([2, 4, high, low]);
                }
                SynOption::Nop => bytes.push(1),
                SynOption::Scale => bytes.extend([3, 3, scale]),
                SynOption::Sack => bytes.extend([4, 2]),
                SynOption::End => bytes.push(0),
                SynOption::Timestamps => {
                    bytes.extend([8, 10]);
                    bytes.extend(self.clock(side).to_be_bytes());
                    bytes.extend(echo.to_be_bytes());
                }
            }
            bytes
        })
    }
}

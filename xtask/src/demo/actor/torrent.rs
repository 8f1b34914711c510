//! The NAS shares files: it keeps asking the swarm's DHT (one question about every quarter second, the pulse of the demo)
//! and exchanges pieces with peers all over the world.

use crate::craft::frame::Payload;
use crate::craft::random::Random;
use crate::demo::datagram::send;
use crate::demo::home::{NAS, beyond, somebody};
use crate::demo::message::bittorrent;
use crate::demo::networks::{NETWORKS, Network};
use crate::demo::stack::{LINUX, WINDOWS};
use crate::demo::talk::{Side, Talk};
use crate::demo::tape::{LENGTH, MILLISECOND, Micros, SECOND, Tape, WARM_UP};

const SWARM_PORT: u16 = 51_413;
const DHT_PORT: u16 = 6881;

/// Peers that pieces are exchanged with at a time.
const PEERS: usize = 4;

/// Bytes in a piece.
const PIECE: usize = 16_384 + 13;

/// The swarm.
pub fn play(tape: &mut Tape, random: &mut Random) {
    let mut networks = NETWORKS.to_vec();
    for index in (1..networks.len()).rev() {
        networks.swap(index, random.below(index as u64 + 1) as usize);
    }
    questions(tape, random, &networks);
    for slot in 0..PEERS {
        let mut at = WARM_UP + random.between(0, 20) * SECOND;
        for network in networks.iter().skip(slot * 8).take(8) {
            at = peer(tape, random, network, at) + random.between(1, 4) * SECOND;
        }
    }
}

fn questions(tape: &mut Tape, random: &mut Random, networks: &[Network]) {
    let mut at = WARM_UP;
    for network in networks.iter().cycle() {
        let address = somebody(network, random, 6);
        let (here, node) = (NAS.toward(address), beyond(address, network.country, &LINUX));
        let port = if random.one_in(3) { DHT_PORT } else { random.port() };
        let question = bittorrent::find_node(random);
        send(tape, at, (&here, &node), ((SWARM_PORT, port), Payload::whole(&question)));
        if !random.one_in(5) {
            let (head, length) = bittorrent::nodes(random);
            let answer = ((port, SWARM_PORT), Payload { head: &head, length });
            send(tape, at + node.delay, (&node, &here), answer);
        }
        at += random.between(205, 245) * MILLISECOND;
        if at >= LENGTH {
            break;
        }
    }
}

/// A peer from its handshake to its end; half of them come to us.
fn peer(tape: &mut Tape, random: &mut Random, network: &Network, at: Micros) -> Micros {
    let address = somebody(network, random, 4);
    let (here, there) = (NAS.toward(address), beyond(address, network.country, &WINDOWS));
    let incoming = random.one_in(2) && address.is_ipv6();
    let hosts = if incoming { (there, here) } else { (here, there) };
    let mut talk = Talk::new(tape, random, hosts, SWARM_PORT).at(at);
    talk.rate = 400;
    talk.open();
    let (hello, answer) = (bittorrent::handshake(random), bittorrent::handshake(random));
    talk.ask(&hello, &answer, answer.len());
    for _ in 0..random.between(3, 9) {
        let side = if random.one_in(3) { Side::Client } else { Side::Server };
        let head = bittorrent::piece(random);
        talk.say(side, &head, PIECE * random.between(1, 12) as usize);
        talk.pause(random.between(1_000, 7_000) * MILLISECOND);
    }
    talk.close(Side::Client);
    talk.now
}

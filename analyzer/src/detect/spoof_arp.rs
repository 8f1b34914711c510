//! ARP spoofing: a station claims an address that is another's. Two stations that claim one address are not enough, as
//! leases move and routers fail over; one of them has to claim it without being asked, and again.
//!
//! A station that claimed an address and then asks who has it gives itself away at once.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Arp, Mac, Timestamp, Transport};

use super::book::key;
use super::rule::{Rule, Thresholds, setting};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Alert, Party, Severity};

static SPOOF: Rule = Rule {
    id: "spoof.arp",
    title: "ARP spoofing",
    technique: "T1557.002",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "an address claimed by two stations within 5 minutes, by one of them in 2 replies that nobody asked for; or a \
        station that claims an address unasked and then asks who has it, or claims it 4 times unasked and has another; high when \
        it claims several",
    caveat: "A fail-over that takes an address with directed replies, or two hosts set to one address, looks the same.",
    sources: "arpwatch (flip flop), Slips; excluded: announcements alone, VRRP, HSRP, GLBP and CARP stations, probes from 0.0.0.0",
    settings: &[
        setting("unasked", "replies", 2.0, (1.0, 1000.0)),
        setting("window", "s", 300.0, (1.0, 86_400.0)),
    ],
    tell,
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&SPOOF], wants: Moments::ARP, make: |thresholds| Box::new(SpoofArp::new(thresholds)) };

fn tell(alert: &Alert) -> String {
    let station = alert.word("station").unwrap_or("a station");
    format!("{station} claims {}, which {}", alert.whom(), alert.word("because").unwrap_or("is another's"))
}

/// A station that claims an address.
#[derive(Clone, Copy, Default, Debug)]
struct Claim {
    station: Mac,
    last: Timestamp,
    /// Replies that nobody asked for.
    unasked: u32,
    frame: u64,
}

/// Who claims an address: the two of late.
#[derive(Clone, Copy, Default)]
struct Claims([Claim; 2]);

/// What is known of a station.
#[derive(Clone, Copy, Default)]
struct Station {
    /// The address under which it asks.
    own: Option<IpAddr>,
    /// Addresses that it claimed unasked.
    claimed: Window<8>,
    /// Addresses of others that it took.
    taken: Window<4>,
}

/// The stations that answered a question, and when.
type Question = [(Mac, Timestamp); 2];

struct SpoofArp {
    claims: Tracker<Claims>,
    stations: Tracker<Station>,
    /// Who asked for what of late.
    asked: Tracker<Question>,
    unasked: u32,
    window: Duration,
}

/// Addresses and stations that are remembered.
const MOST: usize = 4096;

/// How long a question may wait for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far apart one frame may be captured twice.
const AGAIN: Duration = Duration::from_millis(20);

impl SpoofArp {
    fn new(thresholds: &Thresholds) -> Self {
        let window = thresholds.seconds(&SPOOF, "window");
        Self {
            claims: Tracker::new(MOST, window),
            stations: Tracker::new(MOST, window),
            asked: Tracker::new(MOST, PATIENCE),
            unasked: thresholds.count(&SPOOF, "unasked") as u32,
            window,
        }
    }

    fn asks(&mut self, arp: &Arp, event: &Event<'_>, context: &mut Context<'_>) {
        let (sender, target) = (event.packet.source, event.packet.destination);
        *self.asked.entry(key(context.hasher, (sender, target)), event.at, Question::default) =
            Question::default();
        let by = key(context.hasher, arp.sender);
        let station = self.stations.entry(by, event.at, Station::default);
        let claimed = station.claimed.has(key(context.hasher, target));
        if !station.claimed.has(key(context.hasher, sender)) {
            station.own = Some(sender);
        }
        if claimed && sender != target {
            station.taken.see(key(context.hasher, target), event.at, event.packet.number);
            let station = *station;
            raise(
                &station,
                (arp.sender, "it asks for itself"),
                (target, f64::from(self.unasked)),
                event,
                context,
            );
        }
    }

    /// A station says that an address is its own, in a question or an answer.
    fn claims(&mut self, arp: &Arp, unasked: bool, event: &Event<'_>, context: &mut Context<'_>) {
        let address = event.packet.source;
        let of = key(context.hasher, address);
        if unasked && address != event.packet.destination {
            let station = self.stations.entry(key(context.hasher, arp.sender), event.at, Station::default);
            station.claimed.see(of, event.at, event.packet.number);
        }
        let claims = self.claims.entry(of, event.at, Claims::default);
        let claim = claims.take(arp.sender, event);
        if unasked && address != event.packet.destination {
            claim.unasked += 1;
            claim.frame = event.packet.number;
        }
        let claim = *claim;
        let liar = claims.liar(event.at, self.window, self.unasked);
        let contradicted = liar.map(|liar| (liar, "another station claims too"));
        let Some((liar, because)) = contradicted.or_else(|| self.insists(&claim, address, event, context))
        else {
            return;
        };
        let station = self.stations.entry(key(context.hasher, liar.station), event.at, Station::default);
        station.taken.see(of, event.at, liar.frame);
        let station = *station;
        raise(&station, (liar.station, because), (address, f64::from(liar.unasked)), event, context);
    }

    /// A station that has an address, under which it asks, and claims another again and again that nobody asked for.
    fn insists(
        &mut self,
        claim: &Claim,
        address: IpAddr,
        event: &Event<'_>,
        context: &Context<'_>,
    ) -> Option<(Claim, &'static str)> {
        let own = self.stations.find(key(context.hasher, claim.station), event.at)?.own?;
        let holds = claim.unasked >= 2 * self.unasked && own != address && !is_virtual(claim.station);
        holds.then_some((*claim, "nobody asked for, and has another address"))
    }
}

impl Claims {
    /// The claim of a station, which replaces the older of the two if it is new.
    fn take(&mut self, station: Mac, event: &Event<'_>) -> &mut Claim {
        let [first, second] = &mut self.0;
        let known = |claim: &Claim| claim.station == station && claim.last != Timestamp::EPOCH;
        let claim = match (known(first), known(second)) {
            (true, _) => first,
            (_, true) => second,
            _ if first.last <= second.last => first,
            _ => second,
        };
        if !known(claim) {
            *claim = Claim { station, ..Claim::default() };
        }
        claim.last = event.at;
        claim
    }

    /// The station that claims unasked what another claims too.
    fn liar(&self, at: Timestamp, window: Duration, unasked: u32) -> Option<Claim> {
        let both = self.0.iter().all(|claim| {
            claim.last != Timestamp::EPOCH && at.since(claim.last) <= window && !is_virtual(claim.station)
        });
        let loudest = self.0.iter().max_by_key(|claim| claim.unasked)?;
        (both && loudest.unasked >= unasked).then_some(*loudest)
    }
}

fn raise(
    station: &Station,
    (mac, because): (Mac, &str),
    (address, unasked): (IpAddr, f64),
    event: &Event<'_>,
    context: &mut Context<'_>,
) {
    let mut found = context.book.case(&SPOOF, Group::on(Party::host(address)), event.at);
    found.count(1).frames([event.packet.number]).frames(station.taken.frames(event.at, Duration::MAX));
    found.word("station", mac.to_string().as_bytes()).word("because", because.as_bytes());
    if let Some(own) = station.own.filter(|own| *own != address) {
        found.source(Party::host(own));
    }
    found.reached("unasked", unasked, 1.0);
    found.figure("addresses", station.taken.len() as f64);
    if station.taken.len() > 1 {
        found.severity(Severity::High);
    }
}

/// Stations that several routers share: VRRP and CARP (RFC 9568), HSRP, GLBP.
const fn is_virtual(station: Mac) -> bool {
    matches!(
        station.0,
        [0, 0, 0x5e, 0, 1 | 2, _]
            | [0, 0, 0x0c, 7, 0xac, _]
            | [0, 0, 0x0c, 0x9f, 0xf0..=0xff, _]
            | [0, 7, 0xb4, ..]
    )
}

/// Whether the message names the station that sent the frame, where that is known; else it is damaged or a proxy's.
fn agrees(arp: &Arp, station: Mac) -> bool {
    station == Mac::default() || station == arp.sender
}

/// Whether a reply answers a question: each station may once, or again at once, as where a capture has frames twice.
fn is_answer(asked: &mut Question, station: Mac, at: Timestamp) -> bool {
    if let Some((_, first)) = asked.iter().find(|(known, _)| *known == station) {
        return at.since(*first) <= AGAIN;
    }
    if let Some(free) = asked.iter_mut().find(|(known, _)| *known == Mac::default()) {
        *free = (station, at);
    }
    true
}

impl Detector for SpoofArp {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Transport::Arp(arp) = &event.packet.transport else { return };
        let (sender, target) = (event.packet.source, event.packet.destination);
        if sender.is_unspecified() || arp.sender == Mac::default() || !agrees(arp, event.packet.source_mac) {
            return;
        }
        match arp.operation {
            1 => {
                self.asks(arp, event, context);
                self.claims(arp, false, event, context);
            }
            2 => {
                let question = key(context.hasher, (target, sender));
                let asked = self.asked.find(question, event.at);
                let unasked = !asked.is_some_and(|asked| is_answer(asked, arp.sender, event.at));
                self.claims(arp, unasked, event, context);
            }
            _ => {}
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.claims.advance(now);
        self.stations.advance(now);
        self.asked.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn ask(scene: &mut Scene, owner: u8) {
        scene.arp(1, (ip("192.0.2.7"), 7), (ip("192.0.2.1"), 0));
        scene.arp(2, (ip("192.0.2.1"), owner), (ip("192.0.2.7"), 7));
        scene.wait(15_000);
    }
    &[Scenario {
        rule: "spoof.arp",
        positive: |scene| {
            ask(scene, 1);
            for _ in 0..2 {
                scene.arp(2, (ip("192.0.2.1"), 66), (ip("192.0.2.7"), 7));
                scene.wait(1000);
            }
        },
        // The router fails over: the other one announces itself and answers when asked.
        negative: |scene| {
            ask(scene, 1);
            (0..5).for_each(|_| scene.arp(2, (ip("192.0.2.1"), 2), (ip("192.0.2.1"), 2)));
            (0..5).for_each(|_| ask(scene, 2));
        },
    }]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_what_it_claims_gives_itself_away() {
        let mut scene = Scene::new();
        scene.arp(1, (ip("192.0.2.1"), 66), (ip("192.0.2.7"), 0));
        scene.arp(2, (ip("192.0.2.7"), 7), (ip("192.0.2.1"), 66));
        scene.arp(2, (ip("192.0.2.1"), 66), (ip("192.0.2.7"), 7));
        assert!(scene.detection.alerts().is_empty());
        scene.arp(1, (ip("192.0.2.66"), 66), (ip("192.0.2.1"), 0));
        assert_eq!(scene.rules(), ["spoof.arp"]);
        let alert = &scene.detection.alerts()[0];
        assert_eq!((alert.who(), alert.whom()), ("192.0.2.66".to_owned(), "192.0.2.1".to_owned()));
    }

    #[test]
    fn who_has_an_address_and_insists_on_another_is_told_though_its_owner_is_silent() {
        let mut scene = Scene::new();
        let claim = |scene: &mut Scene| {
            scene.arp(2, (ip("192.0.2.1"), 66), (ip("192.0.2.7"), 7));
            scene.wait(1000);
        };
        (0..4).for_each(|_| claim(&mut scene));
        assert!(scene.detection.alerts().is_empty(), "it may be its own, and the question not captured");
        scene.arp(1, (ip("192.0.2.66"), 66), (ip("192.0.2.7"), 0));
        claim(&mut scene);
        assert_eq!(scene.rules(), ["spoof.arp"]);
        let alert = &scene.detection.alerts()[0];
        assert_eq!((alert.who(), alert.whom()), ("192.0.2.66".to_owned(), "192.0.2.1".to_owned()));
    }

    #[test]
    fn a_question_is_answered_once_by_each_station() {
        let answer = |scene: &mut Scene, station| {
            scene.arp(2, (ip("192.0.2.1"), station), (ip("192.0.2.7"), 7));
            scene.wait(300);
        };
        let mut scene = Scene::new();
        for _ in 0..3 {
            scene.arp(1, (ip("192.0.2.7"), 7), (ip("192.0.2.1"), 0));
            answer(&mut scene, 1);
            answer(&mut scene, 2);
        }
        assert!(scene.detection.alerts().is_empty(), "two stations that answer when asked");
        (0..2).for_each(|_| answer(&mut scene, 2));
        assert_eq!(scene.rules(), ["spoof.arp"]);
    }

    #[test]
    fn a_shared_station_of_routers_spoofs_nothing() {
        assert!(is_virtual(Mac([0, 0, 0x5e, 0, 1, 9])) && is_virtual(Mac([0, 0, 0x0c, 0x9f, 0xf0, 1])));
        assert!(!is_virtual(Mac([2, 0, 0, 0, 0, 9])));
    }
}

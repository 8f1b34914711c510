//! Programs that dig for coins, by the calls of the Stratum protocols in their JSON.

use capturer::Timestamp;

use super::rule::{Rule, Setting, Thresholds, setting};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

const CALLS: Setting = setting("calls", "calls of the protocol", 1.0, (1.0, 1000.0));

static RULE: Rule = Rule {
    id: "malware.mining",
    title: "Mining of crypto-currency",
    technique: "T1496",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "a call by which a miner logs in to its pool or hands in work (Stratum, its Ethereum and Monero kinds)",
    caveat: "Somebody may mine on purpose. Miners that use TLS are not seen.",
    sources: "the protocols' public descriptions; ET policy rules look for the same words",
    settings: &[CALLS],
    tell: |alert| format!("{} mines for the pool {}", alert.who(), alert.whom()),
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&RULE], wants: Moments::JSON, make: |thresholds| Box::new(Mining::new(thresholds)) };

/// Words of calls: each alone is enough.
static CALL: [&[u8]; 7] = [
    b"\"mining.subscribe\"",
    b"\"mining.authorize\"",
    b"\"mining.submit\"",
    b"\"eth_submitLogin\"",
    b"\"eth_submitWork\"",
    b"\"eth_submitHashrate\"",
    b"\"mining.extranonce.subscribe\"",
];

/// Words of Monero's kind: they have to come together, for each alone is common.
static LOG_IN: [&[u8]; 3] = [b"\"login\"", b"\"pass\"", b"\"agent\""];
static WORK: [&[u8]; 3] = [b"\"submit\"", b"\"job_id\"", b"\"nonce\""];

/// Bytes of a call that are looked at.
const LONGEST: usize = 1024;

/// The word by which a payload is a call of a miner.
pub(super) fn call(payload: &[u8]) -> Option<&'static [u8]> {
    let payload = payload.get(..LONGEST).unwrap_or(payload);
    let has = |word: &&[u8]| payload.windows(word.len()).any(|window| window == *word);
    let together = |words: &[&'static [u8]]| words.iter().all(has).then(|| words[0]);
    CALL.into_iter().find(has).or_else(|| together(&LOG_IN)).or_else(|| together(&WORK))
}

struct Mining {
    calls: f64,
}

impl Mining {
    fn new(thresholds: &Thresholds) -> Self {
        Self { calls: thresholds.get(&RULE, CALLS.name) }
    }
}

impl Detector for Mining {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(word) = call(event.payload) else { return };
        let port = event.packet.ports().unwrap_or_default().destination;
        let pool = Party::service(event.packet.destination, port);
        let group = Group::between(Party::host(event.packet.source), pool);
        let mut case = context.book.case(&RULE, group, event.at);
        case.count(1).frames([event.frame()]).word("call", word);
        let total = case.total() as f64;
        case.reached("calls", total, self.calls);
    }

    fn advance(&mut self, _: Timestamp, _: &mut Context<'_>) {}
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn say(scene: &mut Scene, call: &str) {
        scene.talk((ip("192.0.2.7"), 50_000), (ip("203.0.113.5"), 3333), (call.as_bytes(), b"{}"));
    }
    &[Scenario {
        rule: "malware.mining",
        positive: |scene| say(scene, r#"{"id":1,"method":"mining.subscribe","params":["m/1"]}"#),
        negative: |scene| say(scene, r#"{"id":1,"method":"login","params":{"name":"mining","pass":"x"}}"#),
    }]
};

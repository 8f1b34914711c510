//! What a segment's stack is told as, and what of it a host keeps: signature, link, uptime, change.

use capturer::Timestamp;

use super::database::Match;
use super::event::{Event, EventKind, Subject, TcpSight};
use super::fingerprints::{Fingerprints, Segment};
use super::flows::Flow;
use super::hosts::{HostPrints, Stack};
use super::label::Label;
use super::sharing::{Change, Seen, Verdict};
use super::table::Found;
use super::tcp::TcpPrint;
use super::uptime::{self, Clock};

impl Subject {
    /// Its place in pairs of client and server.
    const fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

impl Fingerprints {
    /// Tells of a stack; `true` if it is a program's own, which says nothing of the host.
    pub(super) fn show_stack(
        &self,
        segment: &Segment<'_>,
        flow: &Flow,
        (subject, print, found): (Subject, &TcpPrint, Found),
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> bool {
        let matched = self.labelled(self.database.matched(&found));
        let (peer_segment, distance) =
            (if subject == Subject::Client { 0 } else { flow.segment }, found.distance);
        let sight = TcpSight { print: *print, peer_segment, found: matched, distance };
        let kind = match subject {
            Subject::Client => EventKind::TcpSyn(sight),
            Subject::Server => EventKind::TcpSynAck(sight),
        };
        tell(&segment.event(flow, subject, kind));
        matched.is_some_and(|(_, label)| label.is_program())
    }

    /// Tells of a link.
    pub(super) fn show_link(
        &mut self,
        segment: &Segment<'_>,
        flow: &Flow,
        (subject, print): (Subject, &TcpPrint),
        tell: &mut dyn FnMut(&Event<'_>),
    ) {
        let headers = if print.version == 4 { 40 } else { 60 };
        if print.mss == 0 {
            return;
        }
        let unit = u32::from(print.mss) + headers;
        if let Some(host) = flow.hosts[subject.index()].and_then(|slot| self.hosts.at(slot)) {
            host.unit = Some(unit);
        }
        let link = self.database.link(unit);
        tell(&segment.event(flow, subject, EventKind::Mtu { unit, link }));
    }

    /// Tells of an uptime; `true` if the clock is settled for this connection.
    pub(super) fn show_uptime(
        &mut self,
        segment: &Segment<'_>,
        flow: &Flow,
        subject: Subject,
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> bool {
        let timestamp = segment.tcp.options.timestamp;
        if timestamp == 0 {
            return false;
        }
        let Some(host) = flow.hosts[subject.index()].and_then(|slot| self.hosts.at(slot)) else {
            return false;
        };
        let before = match subject {
            Subject::Client => host.syn,
            Subject::Server => host.syn_ack,
        };
        let clock =
            before.map_or(Clock::Unknown, |stack| uptime::clock(&stack.print, timestamp, segment.packet.at));
        match clock {
            Clock::Unknown => false,
            // A first segment may be another machine's behind the same address.
            Clock::Odd => !segment.tcp.flags.is_syn(),
            Clock::Ticks(uptime) => {
                let peer = if subject == Subject::Client { flow.server.0 } else { flow.client.0 };
                host.zero.hear(peer, uptime.zero_ms, segment.packet.at);
                host.uptime = Some(uptime);
                tell(&segment.event(flow, subject, EventKind::Uptime(uptime)));
                true
            }
        }
    }

    /// Compares a stack with what its host showed before, and remembers it.
    pub(super) fn compare(
        &mut self,
        segment: &Segment<'_>,
        flow: &Flow,
        (subject, print, found): (Subject, &TcpPrint, &Found),
        tell: &mut dyn FnMut(&Event<'_>),
    ) {
        let Self { hosts, database, .. } = self;
        let Some(host) = flow.hosts[subject.index()].and_then(|slot| hosts.at(slot)) else { return };
        let matched = database.matched(found);
        let is_client = subject == Subject::Client;
        let port = if is_client { flow.client.1 } else { 0 };
        let before = if is_client { &mut host.syn } else { &mut host.syn_ack };
        let peer_segment = if is_client { 0 } else { flow.segment };
        let old = before.replace(Stack { print: *print, peer_segment, found: matched, port });
        if let Some(old) = old {
            let system = |found: Option<Match>| {
                found.and_then(|found| database.label(found.label)).map(|label| label.name.as_str())
            };
            let now = Seen { print, system: system(matched), port };
            let change = host
                .sharing
                .compare(Seen { print: &old.print, system: system(old.found), port: old.port }, now);
            judge(host, change, |kind| tell(&segment.event(flow, subject, kind)), segment.packet.at);
        }
        if matched.is_some() {
            host.system = matched;
        }
        host.distance = Some(found.distance);
    }

    /// A match with its label.
    pub(super) fn labelled(&self, found: Option<Match>) -> Option<(Match, &Label)> {
        let found = found?;
        Some((found, self.database.label(found.label)?))
    }
}

/// Remembers a change and tells what it comes to.
pub(super) fn judge(
    host: &mut HostPrints,
    change: Change,
    mut tell: impl FnMut(EventKind<'_>),
    at: Timestamp,
) {
    match host.sharing.judge(change) {
        Verdict::Nothing => {}
        Verdict::Changed(reasons) => {
            host.changed = Some((at, reasons));
            tell(EventKind::HostChange(reasons));
        }
        Verdict::Shared(reasons) => {
            host.shared = Some((at, reasons));
            tell(EventKind::IpSharing(reasons));
        }
    }
}

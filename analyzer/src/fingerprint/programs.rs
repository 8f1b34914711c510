//! What a head's program is told as, and what it says of its host: whether it may run there, whether a proxy or several
//! machines are in between.

use capturer::Timestamp;

use super::database::{Database, Match};
use super::event::{Event, EventKind, HttpSight, Subject};
use super::fingerprints::{Fingerprints, Segment};
use super::flows::Flow;
use super::hosts::{HostPrints, Program};
use super::http::{self, HttpPrint, Role};
use super::sharing::{Change, Reasons};
use super::stacks::judge;

/// Seconds by which the clock of a server may seem to move.
const DATE_SKEW: u64 = 10;

impl Fingerprints {
    /// Tells of a program.
    pub(super) fn show_program(
        &mut self,
        segment: &Segment<'_>,
        flow: &Flow,
        print: &HttpPrint,
        tell: &mut dyn FnMut(&Event<'_>),
    ) {
        let found = self.database.find_head(print);
        let dishonest = found.is_some_and(|(_, dishonest)| dishonest);
        let matched = self.labelled(found.map(|(found, _)| found));
        let sight = HttpSight { print, found: matched, dishonest };
        let (subject, kind) = match print.role {
            Role::Request => (Subject::Client, EventKind::HttpRequest(sight)),
            Role::Response => (Subject::Server, EventKind::HttpResponse(sight)),
        };
        tell(&segment.event(flow, subject, kind));
        let program = Program { found: found.map(|(found, _)| found), dishonest, at: segment.packet.at };
        let Self { hosts, database, .. } = self;
        let slot = hosts.meet(segment.packet.source, segment.packet.at);
        let Some(host) = hosts.at(slot) else { return };
        let change = compare_programs(host, (program, print), (database, segment.packet.at));
        judge(host, change, |kind| tell(&segment.event(flow, subject, kind)), segment.packet.at);
        match print.role {
            Role::Request => host.request = Some(program),
            Role::Response => host.response = Some(program),
        }
        host.language = print.language().or(host.language);
        self.note_head(segment, (flow, print), tell);
    }
}

/// What a program says of the host that it runs on.
fn compare_programs(
    host: &mut HostPrints,
    (program, print): (Program, &HttpPrint),
    (database, at): (&Database, Timestamp),
) -> Change {
    let mut change = Change::default();
    change.add_if(print.is_relayed(), 8, Reasons::RELAYED);
    let label = |found: Option<Match>| found.and_then(|found| database.label(found.label));
    if let (Some(program), Some(system)) = (label(program.found), label(host.system)) {
        let misplaced = program.is_program() && !program.systems.is_empty() && !program.runs_on(system);
        change.add_if(misplaced, 4, Reasons::PROGRAM);
    }
    match print.role {
        Role::Request => {
            let named = print.software().filter(|_| !program.dishonest && program.found.is_some());
            let named = named.and_then(|agent| database.system_of_agent(agent));
            let other = named.zip(label(host.system)).is_some_and(|(named, system)| named != system.name);
            change.add_if(other, 4, Reasons::AGENT);
        }
        Role::Response => {
            if let Some(before) = host.response {
                let name = |found: Option<Match>| label(found).map(|label| label.name.as_str());
                let (old, new) = (name(before.found), name(program.found));
                change.add_if(old.is_some() && new.is_some() && old != new, 4, Reasons::SERVER);
                change.add_if(old.is_some() != new.is_some(), 4, Reasons::KNOWN);
            }
            compare_dates(host, print, at.as_seconds(), &mut change);
        }
    }
    change
}

/// A server's clock goes as fast as ours, unless several clocks answer.
fn compare_dates(host: &mut HostPrints, print: &HttpPrint, now: i64, change: &mut Change) {
    let Some(date) = print.value("Date").and_then(http::date) else { return };
    if let Some((before, told)) = host.date.replace((now, date)) {
        let skew = (now - before).abs_diff(date - told);
        change.add_if(skew > DATE_SKEW, 4, Reasons::DATE);
    }
}

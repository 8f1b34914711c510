//! `report --flows`: what flow records say, instead of the packets that carry them.

use analyzer::Analyzer;
use analyzer::query::Query;
use capturer::flow::FlowRecord;

use super::Arguments;
use crate::cli::offline::{Outcome, Range};
use crate::cli::{Failure, exported};
use crate::settings::Settings;

/// What was counted.
#[derive(Default)]
struct Counted {
    outcome: Outcome,
    flows: u64,
}

/// Reads what the arguments name.
pub(super) fn read(
    arguments: &Arguments,
    settings: &Settings,
    (range, query): (&Range, Option<&Query>),
    analyzer: &mut Analyzer,
) -> Result<Outcome, Failure> {
    let files = exported::expand(&arguments.read)?;
    let mut counted = Counted::default();
    let mut take = |record: &FlowRecord| counted.take((&mut *analyzer, query), range, record);
    let (mut outcome, mut records) = exported::read(&files, settings.decode.settings(), &mut take);
    let Counted { outcome: Outcome { ledger, from, to, .. }, flows } = counted;
    outcome.ledger.packets = ledger.packets;
    outcome.ledger.bytes = ledger.bytes;
    outcome.ledger.filtered = ledger.filtered;
    records.flows = flows;
    Ok(Outcome { from, to, records: Some(records), ..outcome })
}

impl Counted {
    /// Counts a record that is in range and that the filter lets through.
    fn take(
        &mut self,
        (analyzer, query): (&mut Analyzer, Option<&Query>),
        range: &Range,
        record: &FlowRecord,
    ) {
        let ledger = &mut self.outcome.ledger;
        if !range.holds(record.moment())
            || query.is_some_and(|query| !analyzer.lets_record_through(query, record))
        {
            ledger.filtered += 1;
            return;
        }
        ledger.packets = ledger.packets.saturating_add(record.all_packets());
        ledger.bytes = ledger.bytes.saturating_add(record.all_bytes());
        self.outcome.reach(record.moment());
        self.flows = self.flows.saturating_add(record.flows);
        analyzer.observe_record(record);
    }
}

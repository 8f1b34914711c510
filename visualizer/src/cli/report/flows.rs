//! `report --flows`: what flow records say, instead of the packets that carry them.

use analyzer::Analyzer;
use analyzer::query::Query;
use capturer::flow::FlowRecord;

use super::Arguments;
use crate::cli::exported::Counted;
use crate::cli::offline::{Outcome, Range};
use crate::cli::{Failure, exported};
use crate::settings::Settings;

/// Reads what the arguments name.
pub(super) fn read(
    arguments: &Arguments,
    settings: &Settings,
    (range, query): (&Range, Option<&Query>),
    analyzer: &mut Analyzer,
) -> Result<Outcome, Failure> {
    let files = exported::expand(&arguments.read)?;
    let mut counted = Counted::default();
    let mut take = |record: &FlowRecord| {
        let passes =
            |record: &FlowRecord| query.is_none_or(|query| analyzer.lets_record_through(query, record));
        if counted.takes(record, range, passes) {
            analyzer.observe_record(record);
        }
    };
    let read = exported::read(&files, settings.decode.settings(), &mut take);
    Ok(counted.of(read))
}

//! `alerts --flows`: what the detectors make of flow records, instead of the packets that carry them.

use analyzer::detect::{Detection, Retelling, Untold};
use capturer::flow::FlowRecord;

use super::search::{Search, sieve};
use crate::cli::exported::Counted;
use crate::cli::offline::{self, Outcome};
use crate::cli::{Failure, exported, failure};
use crate::settings::Settings;

/// Hears all records of the files; what was found before some damage is kept.
pub(super) fn hear(search: Search<'_>, settings: &Settings) -> Result<(Detection, Outcome), Failure> {
    let Search { read, filter, range, .. } = search;
    let query = offline::query(filter)?;
    let thresholds = settings.detect.thresholds().map_err(|error| Failure::Usage(error.to_string()))?;
    let sieve = query.map(|query| sieve((filter, query), &[], settings)).transpose()?;
    let mut detection = Detection::of_records(&thresholds, settings.analysis.memory_mb << 20);
    let (mut retelling, mut counted) = (Retelling::recorded(), Counted::default());
    let mut take = |record: &FlowRecord| {
        let passes =
            |record: &FlowRecord| sieve.as_ref().is_none_or(|sieve| sieve.lets_record_through(record));
        if counted.takes(record, &range, passes) {
            retelling.take(record);
            retelling.make_room(&mut detection);
        }
    };
    let files = exported::expand(read)?;
    let read = exported::read(&files, settings.decode.settings(), &mut take);
    retelling.finish(&mut detection);
    complain(retelling.untold());
    Ok((detection, counted.of(read).or_failure()?))
}

/// Says which records the detectors did not hear.
fn complain(untold: Untold) {
    for (count, why) in [
        (untold.sampled, "are of a sample: rates and answers can't be told from one packet of many"),
        (untold.aggregated, "stand for several flows together"),
        (untold.flagless, "are of TCP without its flags: who opened and who refused is not known"),
    ] {
        if count > 0 {
            failure::complain(&format!("the detectors hear nothing of {count} flow records that {why}"));
        }
    }
}

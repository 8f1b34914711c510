//! `--dump-prefixes`: every announced prefix of a system as the smallest list of networks, sorted as text.

use analyzer::cover;
use analyzer::geo::Asn;

use super::cache::{self, Cache};
use super::log::Log;
use crate::cli::Failure;

/// The list, a network a line; a system without any has none.
pub(super) fn prefixes(asn: Asn, cache: &Cache, log: &Log) -> Result<String, Failure> {
    let Some(table) = cache.table() else {
        return Err(Failure::Unreadable(format!(
            "no routing table (ipasn_*) in {}; `wireglobe geo prefixes {}` tells of the bundled ranges",
            cache.path().display(),
            asn.0
        )));
    };
    log.info(format_args!("prefixes of AS{} in {}", asn.0, table.display()));
    let routes = cache::read_table(&table)?;
    let mut lines: Vec<String> =
        cover::cover(routes.prefixes_of(asn)).iter().map(|network| format!("{network}\n")).collect();
    lines.sort_unstable();
    Ok(lines.concat())
}

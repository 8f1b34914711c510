//! What each table takes of its part of the budget.

use super::{FLOWS, HOSTS, NAMES, Reading, TOTALS, ViewId, part};
use crate::table::Table;
use crate::view::View;

impl Reading<'_> {
    /// The tables, with what each may take; their bytes are those of [`Reading::bytes`].
    pub fn tables(self) -> [Table; 6] {
        let share = |hundredths| Some(part(self.0.memory, hundredths));
        let (names, inventory) = (self.0.names.counts(), self.inventory());
        let prints = inventory.map(|inventory| inventory.fingerprints().counts()).unwrap_or_default();
        let main = self.0.view(ViewId::MAIN);
        let main_bytes = main.map_or(0, View::bytes);
        let all_views = self.0.views.iter().flatten().map(View::bytes).sum::<usize>();
        [
            Table {
                name: "hosts",
                rows: Some(self.0.hosts.len()),
                bytes: self.0.hosts.bytes(),
                share: share(HOSTS),
                evicted: self.0.hosts.evicted(),
            },
            Table {
                name: "flows",
                rows: Some(self.0.flows.len()),
                bytes: self.0.flows.bytes() + self.0.waiting.bytes(),
                share: share(FLOWS),
                evicted: self.0.flows.evicted(),
            },
            Table {
                name: "totals",
                rows: None,
                bytes: main_bytes,
                share: share(TOTALS),
                evicted: main.map_or(0, View::evicted),
            },
            Table {
                name: "names",
                rows: Some(names.addresses),
                bytes: self.0.names.bytes(),
                share: share(NAMES),
                evicted: names.evicted,
            },
            Table {
                name: "fingerprints",
                rows: Some(prints.hosts),
                bytes: inventory.map_or(0, |inventory| inventory.bytes()),
                share: inventory.map(|inventory| inventory.budget()),
                evicted: prints.hosts_evicted + inventory.map_or(0, |inventory| inventory.evicted()),
            },
            Table { name: "filters", rows: None, bytes: all_views - main_bytes, share: None, evicted: 0 },
        ]
    }
}

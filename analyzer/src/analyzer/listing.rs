//! The inventory, listed: every host there is with all that is known of it.

use std::net::IpAddr;

use capturer::Mac;

use super::Reading;
use crate::aggregate::{Ask, host_row, rank};
use crate::counts::Missed;
use crate::host::Host;
use crate::inventory::{Device, Entry, Stock};
use crate::query::Query;
use crate::vendors;

impl Reading<'_> {
    /// The hosts with the highest figures, of those that a filter lets through, which must have been read for
    /// [`Scope::Host`](capturer::filter::Scope::Host).
    pub fn stock(self, ask: &Ask<'_>, query: Option<&Query>) -> Stock {
        let hosts = self.0.hosts.iter_with_rests();
        let mut wanted = 0;
        let figures = hosts
            .filter(|(host, _)| query.is_none_or(|query| self.passes(query, host)))
            .inspect(|_| wanted += 1)
            .map(|(host, missed)| (host.counts().get(ask.measure), host.address(), (host, *missed)));
        let ranked = rank(figures, ask.limit);
        let total = if query.is_none() { self.hosts_seen() } else { wanted };
        let hosts = ranked.into_iter().map(|(.., (host, missed))| self.entry(host, missed, ask)).collect();
        Stock { hosts, total }
    }

    /// One host.
    pub fn stock_of(self, address: IpAddr, ask: &Ask<'_>) -> Stock {
        let found = self
            .0
            .find_host(address)
            .and_then(|slot| Some((self.0.hosts.get(slot)?, *self.0.hosts.rest(slot)?)));
        let hosts: Vec<Entry> =
            found.into_iter().map(|(host, missed)| self.entry(host, missed, ask)).collect();
        Stock { total: hosts.len(), hosts }
    }

    fn passes(self, query: &Query, host: &Host) -> bool {
        let contact = self.inventory().and_then(|inventory| inventory.contacts.of(host.address()));
        let mac = contact.and_then(|contact| contact.macs().next()).unwrap_or_default();
        query.matches_host(&host.end, mac, self.0.knowledge())
    }

    fn entry(self, host: &Host, missed: Missed, ask: &Ask<'_>) -> Entry {
        let address = host.address();
        let names = &self.0.names;
        let domain = names.domain(address).map(|domain| names.domain_text(names.group(domain)).to_owned());
        let mut entry = Entry::new(host_row(host, missed, ask), domain);
        let Some(inventory) = self.inventory() else { return entry };
        let prints = inventory.fingerprints();
        if let Some(known) = prints.host(address) {
            entry.show(known, prints.database());
            entry.verdict = prints.verdict(address);
        }
        if let Some(contact) = inventory.contacts.of(address) {
            entry.reach(contact, |mac| self.device(mac));
        }
        entry
    }

    fn device(self, mac: Mac) -> Device {
        let name = self.0.devices.name_of(&mac.to_string()).map(str::to_owned);
        Device { mac, name, vendor: vendors::name(mac) }
    }
}

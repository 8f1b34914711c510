//! Questions to others about an address: reverse DNS, RDAP, RIPEstat, RIPE IPmap. Off unless somebody asks: not a packet
//! leaves before. Whoever is asked learns what you look at, so addresses that are not public are never asked about.
//!
//! Safe against what may come back (docs/NAMES.md): public addresses only, at both ends; names resolved once and the connection
//! pinned to what was checked; HTTPS only, at most three redirects, each checked the same; 256 KiB, five seconds, one question a
//! second to each host; answers checked before they are kept or shown.

mod address;
mod cache;
pub(crate) mod newer;
mod pace;
mod resolver;
mod reverse;
mod sources;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
mod web;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::settings;
use cache::Cache;
use pace::Pace;
use resolver::Resolver;
pub(crate) use resolver::server;
pub(crate) use sources::Asked;
use web::Web;

/// Those who are asked, and what they answered before.
pub(crate) struct Online {
    asked: Vec<Asked>,
    resolver: Resolver,
    web: Web,
    pace: Pace,
    cache: Cache,
}

/// Why nothing can be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    /// No source is allowed.
    #[error(
        "nobody may be asked: name them, as in --online=reverse_dns,rdap, or allow them in the settings' [online]; \
         there are {}",
        Asked::names()
    )]
    Nobody,
    /// No resolver is known.
    #[error("no name server is known: /etc/resolv.conf names none, and online.resolver is empty")]
    NoResolver,
}

impl Online {
    /// Asks these, or, when none is named, those the settings allow.
    ///
    /// # Errors
    /// [`Unavailable`] when there is nobody to ask, or no name server.
    pub(crate) fn new(settings: &settings::Online, named: &[Asked]) -> Result<Self, Unavailable> {
        let asked: Vec<Asked> = Asked::ALL
            .into_iter()
            .filter(|one| named.contains(one) || named.is_empty() && one.allowed(settings))
            .collect();
        if asked.is_empty() {
            return Err(Unavailable::Nobody);
        }
        let resolver = resolver_of(settings)?;
        let folder =
            if settings.cache.as_os_str().is_empty() { cache_folder() } else { Some(settings.cache.clone()) };
        let cache = Cache::open(folder);
        Ok(Self { asked, web: Web::new(resolver.clone()), resolver, pace: Pace::default(), cache })
    }

    /// What they say of addresses, in their order: one object each.
    pub(crate) fn look_up(&mut self, addresses: &[IpAddr]) -> Vec<Value> {
        let now = now();
        let mut found: Vec<Map<String, Value>> = vec![Map::new(); addresses.len()];
        for &asked in &self.asked.clone() {
            let mut open = Vec::new();
            for (index, &address) in
                addresses.iter().enumerate().filter(|(_, address)| address::is_public(**address))
            {
                match self.cache.get(asked.name(), address, now) {
                    Some(known) => drop(found[index].insert(asked.name().into(), known.clone())),
                    None => open.push((index, address)),
                }
            }
            for ((index, address), answer) in open.iter().zip(self.ask(asked, &open)) {
                let entry = self.cache.keep(asked.name(), *address, now, answer);
                found[*index].insert(asked.name().into(), entry);
            }
        }
        self.cache.save();
        let describe = |(address, found): (&IpAddr, Map<String, Value>)| {
            if address::is_public(*address) {
                Value::Object(found)
            } else {
                json!({"skipped": "only public addresses are asked about"})
            }
        };
        addresses.iter().zip(found).map(describe).collect()
    }

    /// What could not be read or written of the cache, to be told once.
    pub(crate) fn complaint(&self) -> Option<&str> {
        self.cache.complaint()
    }

    fn ask(&mut self, asked: Asked, open: &[(usize, IpAddr)]) -> Vec<Result<Value, String>> {
        if asked == Asked::ReverseDns {
            let addresses: Vec<IpAddr> = open.iter().map(|(_, address)| *address).collect();
            return reverse::names(&self.resolver, &addresses);
        }
        let Self { web, pace, .. } = self;
        open.iter().map(|(_, address)| asked.question(*address, |url| web.get(url, pace))).collect()
    }
}

/// The name server of the settings, else those of the system.
fn resolver_of(settings: &settings::Online) -> Result<Resolver, Unavailable> {
    let set = Some(&*settings.resolver).filter(|set| !set.is_empty());
    Resolver::new(set).ok_or(Unavailable::NoResolver)
}

/// Where caches are kept: `$XDG_CACHE_HOME`, else `~/.cache`.
fn cache_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("wireglobe"))
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

//! What the far end is called: by address, place, network or name. Names are those that the captures themselves tell (DNS
//! answers, TLS server names, HTTP hosts) and those of a list; others are asked about only on request. Who is local or
//! unknown stays an address.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ahash::RandomState;
use analyzer::Devices;
use analyzer::exchange::Partner;
use analyzer::geo::{Category, Continent, CountryCode, Geo, country_name};
use analyzer::names::{Names, registered};
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Mapping;
use crate::cli::{Failure, complain};
use crate::online::{Asked, Online};
use crate::settings::Settings;

/// What the far end is known by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub(in crate::cli) enum By {
    /// Its address
    #[default]
    Ip,
    /// Its country
    Country,
    /// Its continent
    Continent,
    /// Who runs its network
    #[value(alias = "asn", alias = "as", alias = "org")]
    Organisation,
    /// Its network
    Prefix,
    /// What kind of address it has
    Place,
    /// Its name
    Name,
    /// The registered domain of its name
    Domain,
    /// The protocol, whoever it is
    Protocol,
    /// Its hardware address or the name of its device
    Mac,
    /// Its country as RIPE IPmap measured it, with --online=ipmap; else by the database
    Ripecountry,
}

impl By {
    /// Traffic Analyser's names of methods, in any case, whose hosts are registered domains; our own besides.
    pub(in crate::cli) fn method(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "host" | "tsharkhost" => Some(Self::Domain),
            other => Self::from_str(other, true).ok(),
        }
    }
}

/// Where names come from besides the captures.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Asking {
    /// Names of addresses, a line each: ADDRESS NAME, as tshark -z hosts and /etc/hosts have them
    #[arg(short = 's', long, value_name = "FILE", alias = "hostsFile")]
    hosts_file: Option<PathBuf>,
    /// Ask others about public addresses; they learn what you look at. Without names: those the settings allow
    #[arg(long, value_name = "WHOM", num_args = 0.., require_equals = true, value_delimiter = ',', value_enum)]
    online: Option<Vec<Asked>>,
}

/// Addresses that are asked about at most.
const ASKED: usize = 4096;

/// Lines and bytes of a list of names.
const LINES: usize = 1 << 20;
const LONGEST: u64 = 1024;

/// Everything that gives names.
pub(in crate::cli) struct Labels<'a> {
    pub(in crate::cli) devices: &'a Devices,
    pub(in crate::cli) geo: &'a Geo,
    pub(in crate::cli) mapping: Mapping,
    /// Of each file what it told.
    names: Vec<Names>,
    listed: HashMap<IpAddr, String, RandomState>,
    answers: HashMap<IpAddr, Value, RandomState>,
}

impl<'a> Labels<'a> {
    /// Reads the list of names, and asks others about `addresses` if that is wanted.
    ///
    /// # Errors
    /// When the list can't be read, or nobody may be asked.
    pub(in crate::cli) fn new(
        (devices, geo, mapping): (&'a Devices, &'a Geo, Mapping),
        names: Vec<Names>,
        (asking, settings): (&Asking, &Settings),
        addresses: impl Iterator<Item = IpAddr>,
    ) -> Result<Self, Failure> {
        let listed = asking.hosts_file.as_deref().map(list).transpose()?.unwrap_or_default();
        let answers = match &asking.online {
            Some(named) => ask(named, settings, addresses)?,
            None => HashMap::default(),
        };
        Ok(Self { devices, geo, mapping, names, listed, answers })
    }

    /// The name of an address.
    pub(in crate::cli) fn name(&self, address: IpAddr) -> Option<&str> {
        let told = || self.names.iter().find_map(|names| names.best(address)).map(|known| &*known.name);
        let answered = || self.answers.get(&address)?["reverse_dns"]["name"].as_str();
        self.listed.get(&address).map(String::as_str).or_else(told).or_else(answered)
    }

    /// The country code of an address; none for who is local or unknown.
    pub(in crate::cli) fn country(&self, address: IpAddr) -> Option<String> {
        let said = self.mapping.country(address).map(str::to_owned);
        said.or_else(|| self.geo.place(address).country.map(|country| country.to_string()))
    }

    /// Who runs the network of an address.
    pub(in crate::cli) fn organisation(&self, address: IpAddr) -> Option<String> {
        let said = self.mapping.organisation(address);
        said.or_else(|| self.geo.as_name(self.geo.place(address).asn?)).map(str::to_owned)
    }

    /// What a partner is called.
    pub(in crate::cli) fn title(&self, partner: Partner, by: By) -> String {
        let own = || partner.title(self.devices);
        let Some(address) = partner.address() else { return own() };
        let public = Category::of(address) == Category::Global;
        let found = match by {
            By::Ip | By::Protocol | By::Mac => None,
            By::Place => Some(Category::of(address).name().to_owned()),
            By::Name => self.name(address).map(str::to_owned),
            By::Domain => self.name(address).map(|name| registered(name).unwrap_or(name).to_owned()),
            // Who is at home is known better by address than by what the house's network is called.
            _ if !public => None,
            By::Country => self.country(address).map(|code| named(&code)),
            By::Ripecountry => {
                self.measured(address).or_else(|| self.country(address)).map(|code| named(&code))
            }
            By::Continent => {
                let continent = self.geo.place(address).country.and_then(Continent::of);
                continent.map(|continent| continent.name().to_owned())
            }
            By::Organisation => self.organisation(address),
            By::Prefix => self.geo.prefix(address).map(|prefix| prefix.network.to_string()),
        };
        found.unwrap_or_else(own)
    }

    fn measured(&self, address: IpAddr) -> Option<String> {
        self.answers.get(&address)?["ipmap"]["country"].as_str().map(str::to_owned)
    }
}

/// `NL Netherlands`.
fn named(code: &str) -> String {
    match CountryCode::new(code) {
        Some(country) => format!("{code} {}", country_name(country)),
        None => code.to_owned(),
    }
}

fn ask(
    named: &[Asked],
    settings: &Settings,
    addresses: impl Iterator<Item = IpAddr>,
) -> Result<HashMap<IpAddr, Value, RandomState>, Failure> {
    let mut online =
        Online::new(&settings.online, named).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut open: Vec<IpAddr> =
        addresses.filter(|address| Category::of(*address) == Category::Global).collect();
    open.sort_unstable();
    open.dedup();
    if open.len() > ASKED {
        complain(&format!("of {} addresses the first {ASKED} are asked about", open.len()));
        open.truncate(ASKED);
    }
    let answers = online.look_up(&open);
    if let Some(complaint) = online.complaint() {
        complain(complaint);
    }
    Ok(open.into_iter().zip(answers).collect())
}

/// Names by address; of several for one the first counts.
fn list(path: &Path) -> Result<HashMap<IpAddr, String, RandomState>, Failure> {
    let refused = |cause: String| Failure::Unreadable(format!("{}: {cause}", path.display()));
    let mut file = BufReader::new(File::open(path).map_err(|cause| refused(cause.to_string()))?);
    let (mut names, mut bytes) = (HashMap::default(), Vec::new());
    for line in 1..=LINES {
        bytes.clear();
        let read = (&mut file).take(LONGEST).read_until(b'\n', &mut bytes);
        if read.map_err(|cause| refused(cause.to_string()))? == 0 {
            return Ok(names);
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut words = text.split_whitespace();
        let Some(first) = words.next().filter(|word| !word.starts_with('#')) else { continue };
        let pair = first.parse::<IpAddr>().ok().zip(words.next());
        let found: String = first.chars().take(40).collect();
        let wrong = || refused(format!("line {line}: expected an address and a name, found {found:?}"));
        let (address, name) = pair.ok_or_else(wrong)?;
        names.entry(address).or_insert_with(|| name.trim_end_matches('.').to_ascii_lowercase());
    }
    Err(refused(format!("more than {LINES} lines")))
}

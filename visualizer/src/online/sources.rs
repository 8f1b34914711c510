//! Who can be asked, what the question is, and what of the answer is kept. Only fields that are named here leave an
//! answer, each checked and cut to a length.

use std::collections::BTreeMap;
use std::net::IpAddr;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use super::web::Failed;
use crate::settings;

/// Longest text taken out of an answer, in characters.
const LONGEST: usize = 200;

/// A place of RIPE IPmap counts at once with this score, or, where nobody has it, among so many candidates.
const SURE: f64 = 90.0;
const MANY: usize = 20;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Asked {
    /// The name servers: the name of the address (PTR)
    ReverseDns,
    /// The registry that gave the address out, found by ARIN's directory of registries
    Rdap,
    /// RIPEstat: the announced prefix and its origins
    Ripestat,
    /// RIPE IPmap: where the address is, by measured distances
    Ipmap,
}

impl Asked {
    /// All there are.
    pub(crate) const ALL: [Self; 4] = [Self::ReverseDns, Self::Rdap, Self::Ripestat, Self::Ipmap];

    /// The name in settings, documents and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ReverseDns => "reverse_dns",
            Self::Rdap => "rdap",
            Self::Ripestat => "ripestat",
            Self::Ipmap => "ipmap",
        }
    }

    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Whether the settings let it be asked.
    pub(super) const fn allowed(self, settings: &settings::Online) -> bool {
        match self {
            Self::ReverseDns => settings.reverse_dns,
            Self::Rdap => settings.rdap,
            Self::Ripestat => settings.ripestat,
            Self::Ipmap => settings.ipmap,
        }
    }

    /// Asks over `get` and reads the answer; not for reverse DNS, which is no web question.
    pub(super) fn question(
        self,
        address: IpAddr,
        get: impl FnOnce(&str) -> Result<Vec<u8>, Failed>,
    ) -> Result<Value, String> {
        let url = match self {
            Self::ReverseDns => return Err("not a web question".to_owned()),
            Self::Rdap => format!("https://rdap-bootstrap.arin.net/bootstrap/ip/{address}"),
            Self::Ripestat => format!(
                "https://stat.ripe.net/data/prefix-overview/data.json?resource={address}&sourceapp=wireglobe"
            ),
            Self::Ipmap => format!("https://ipmap-api.ripe.net/v1/locate/{address}/"),
        };
        let bytes = get(&url).map_err(|error| error.to_string())?;
        self.read(&bytes)
    }

    /// An answer in a few words, for tables.
    pub(crate) fn summary(self, answer: &Value) -> String {
        let plain = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(error) = plain(&answer["error"]) {
            return format!("({error})");
        }
        let words = match self {
            Self::ReverseDns => vec![plain(&answer["name"])],
            Self::Rdap => {
                vec![plain(&answer["holder"]).or_else(|| plain(&answer["name"])), plain(&answer["country"])]
            }
            Self::Ripestat => {
                let origins = list(&answer["origins"]).map(|origin| Some(format!("AS{}", origin["asn"])));
                std::iter::once(plain(&answer["prefix"])).chain(origins).collect()
            }
            Self::Ipmap => vec![plain(&answer["city"]), plain(&answer["country"])],
        };
        words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// The facts in an answer.
    pub(super) fn read(self, bytes: &[u8]) -> Result<Value, String> {
        let answer: Value = serde_json::from_slice(bytes)
            .map_err(|error| format!("the answer is no JSON document: {error}"))?;
        if !answer.is_object() {
            return Err("the answer is no JSON object".to_owned());
        }
        Ok(match self {
            Self::ReverseDns => Value::Null,
            Self::Rdap => rdap(&answer),
            Self::Ripestat => ripestat(&answer["data"]),
            Self::Ipmap => ipmap(&answer),
        })
    }
}

/// An IP network object (RFC 9083 §5.4).
fn rdap(network: &Value) -> Value {
    let holder = list(&network["entities"])
        .find(|entity| list(&entity["roles"]).any(|role| role == "registrant"))
        .and_then(|entity| full_name(&entity["vcardArray"]));
    let prefixes: Vec<String> = list(&network["cidr0_cidrs"])
        .filter_map(|cidr| {
            let prefix = cidr["v4prefix"].as_str().or_else(|| cidr["v6prefix"].as_str())?;
            let address: IpAddr = prefix.parse().ok()?;
            let length = cidr["length"].as_u64().filter(|length| *length <= 128)?;
            Some(format!("{address}/{length}"))
        })
        .take(8)
        .collect();
    json!({
        "name": text(&network["name"]), "handle": text(&network["handle"]), "holder": holder,
        "country": country(&network["country"]), "prefixes": prefixes,
        "first": address(&network["startAddress"]), "last": address(&network["endAddress"]),
    })
}

/// The formatted name in a jCard (RFC 7095).
fn full_name(card: &Value) -> Option<String> {
    list(&card[1]).find(|property| property[0] == "fn").and_then(|property| text(&property[3]))
}

/// RIPEstat's prefix overview.
fn ripestat(data: &Value) -> Value {
    let origins: Vec<Value> = list(&data["asns"])
        .filter_map(|origin| {
            let asn = origin["asn"].as_u64().and_then(|asn| u32::try_from(asn).ok())?;
            Some(json!({"asn": asn, "as_name": text(&origin["holder"])}))
        })
        .take(16)
        .collect();
    let prefix = data["resource"].as_str().and_then(|text| text.parse::<analyzer::Network>().ok());
    json!({
        "prefix": prefix.map(|prefix| prefix.to_string()), "announced": data["announced"].as_bool(),
        "origins": origins,
    })
}

/// RIPE IPmap's candidates: the best when it is sure; else, of many, the best in the country with the greatest sum of
/// scores; else nowhere.
fn ipmap(answer: &Value) -> Value {
    let score = |place: &&Value| place["score"].as_f64().unwrap_or(0.0);
    let best = |places: &mut dyn Iterator<Item = &Value>| -> Option<Map<String, Value>> {
        let place = places.max_by(|a, b| score(a).total_cmp(&score(b)))?;
        let mut found = Map::new();
        found.insert("country".into(), json!(country(&place["countryCodeAlpha2"])));
        found.insert("city".into(), json!(text(&place["cityName"])));
        found.insert("latitude".into(), json!(place["latitude"].as_f64().filter(|lat| lat.abs() <= 90.0)));
        found.insert("longitude".into(), json!(place["longitude"].as_f64().filter(|lon| lon.abs() <= 180.0)));
        found.insert("score".into(), json!(score(&place)));
        Some(found)
    };
    let places: Vec<&Value> = list(&answer["locations"]).take(1000).collect();
    let sure = best(&mut places.iter().copied().filter(|place| score(place) >= SURE));
    let found = sure.or_else(|| {
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for place in places.iter().filter(|_| places.len() >= MANY) {
            *sums.entry(place["countryCodeAlpha2"].as_str()?).or_default() += score(place);
        }
        let (winner, _) = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        best(&mut places.iter().copied().filter(|place| place["countryCodeAlpha2"] == winner))
    });
    found.map_or_else(|| json!({"country": null}), Value::Object)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text as it may be shown: without control and format characters, cut to a length.
fn text(value: &Value) -> Option<String> {
    let format = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let text: String =
        value.as_str()?.chars().filter(|c| !c.is_control() && !format(*c)).take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}

fn country(value: &Value) -> Option<String> {
    value.as_str().and_then(analyzer::geo::CountryCode::new).map(|code| code.to_string())
}

fn address(value: &Value) -> Option<String> {
    value.as_str()?.parse::<IpAddr>().ok().map(|address| address.to_string())
}

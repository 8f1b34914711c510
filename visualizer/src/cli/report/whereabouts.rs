//! Where a key is, in words: a host's city with its coordinates and how exact they are, a prefix's kind, the countries of a
//! domain's hosts.

use analyzer::aggregate::{Located, Row};
use analyzer::geo::{Category, Cell, PrefixKind, country_name};

/// Countries of a domain that are named; of more, their number is told.
const MOST_COUNTRIES: usize = 6;

/// How the keys of a dimension tell where they are, if they do.
pub(super) fn of(by: &str) -> Option<fn(&Row) -> String> {
    match by {
        "host" => Some(host),
        "prefix" => Some(prefix),
        "domain" => Some(domain),
        _ => None,
    }
}

fn host(row: &Row) -> String {
    let city = row.city.as_ref();
    let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let region = |city: &Located| named(&city.region).filter(|region| *region != city.name);
    let country = row.country.map(|code| country_name(code).to_owned());
    let words = [city.and_then(|city| named(&city.name)), city.and_then(region), country];
    let words: Vec<String> = words.into_iter().flatten().collect();
    if words.is_empty() {
        return row
            .place
            .map_or("", |place| if place == Category::Global { "unknown" } else { place.name() })
            .to_owned();
    }
    city.map_or_else(|| words.join(", "), |city| format!("{} · {}", words.join(", "), coordinates(city)))
}

/// `52.4° N 4.9° E ± 11 km`, never broken: the error of the city table itself comes on top.
fn coordinates(city: &Located) -> String {
    let degrees =
        |value: f64, ends: [char; 2]| format!("{:.1}°\u{a0}{}", value.abs(), ends[usize::from(value < 0.0)]);
    let (lat, lon) = (city.cell.lat(), city.cell.lon());
    format!(
        "{}\u{a0}{}\u{a0}±\u{a0}{}\u{a0}km",
        degrees(lat, ['N', 'S']),
        degrees(lon, ['E', 'W']),
        Cell::KILOMETRES
    )
}

fn prefix(row: &Row) -> String {
    let kind = row.prefix_kind.map(PrefixKind::label);
    let country = row.country.map(|code| code.to_string());
    kind.map(str::to_owned).into_iter().chain(country).collect::<Vec<_>>().join(" · ")
}

fn domain(row: &Row) -> String {
    match row.countries.as_deref() {
        None | Some([]) => String::new(),
        Some(all) if all.len() <= MOST_COUNTRIES => {
            all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        Some(all) => format!("{} countries", all.len()),
    }
}

//! `wireglobe geo`: look-ups, the databases in use, new ones, and the networks of a system.

use std::net::IpAddr;
use std::process::ExitCode;

use analyzer::Network;
use analyzer::cover;
use analyzer::geo::{Asn, Cell, Geo, SourceOrigin, country_name, hints};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::output::{self, Column, Format, Listing};
use crate::cli::{Common, Failure};
use crate::online::newer::{self, Finding};
use crate::online::{Asked, Online};
use crate::settings::Settings;
use crate::{ages, geo_files, geo_update, settings};

/// `wireglobe geo`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// How the result is written
    #[arg(long, global = true, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Country, network and kind of addresses
    Lookup {
        /// IPv4 or IPv6 addresses
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<IpAddr>,
        /// Ask others, too, about public addresses; they learn what you look at. Without names: those the settings allow
        #[arg(long, value_name = "WHOM", num_args = 0.., require_equals = true, value_delimiter = ',', value_enum)]
        online: Option<Vec<Asked>>,
    },
    /// The databases in use: dates, ages, licences, attribution
    Info,
    /// Check a database and use it from now on: .mmdb, pyasn .dat, MRT RIB dump, range CSV or TSV, asnames.json
    Update {
        /// A file, or an address to fetch it from [default: geo.update_from of the settings]
        #[arg(long, value_name = "FILE|URL")]
        from: Option<String>,
        /// Only ask whether newer data or a newer Wireglobe exists: registry.npmjs.org and crates.io learn that you did
        #[arg(long, conflicts_with = "from")]
        check: bool,
    },
    /// The networks of an autonomous system, one a line
    Prefixes {
        /// Its number: 64496 or AS64496
        #[arg(value_name = "ASN", value_parser = asn)]
        asn: Asn,
        /// The smallest list that holds the same addresses
        #[arg(long)]
        aggregate: bool,
    },
}

fn asn(text: &str) -> Result<Asn, String> {
    let digits = text.get(..2).filter(|start| start.eq_ignore_ascii_case("as")).map_or(text, |_| &text[2..]);
    digits.parse().map(Asn).map_err(|_| "expected an AS number such as 64496 or AS64496".to_owned())
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let geo = || geo_files::load(&settings, geo_files::ALL);
    let format = arguments.format;
    let text = match &arguments.verb {
        Verb::Lookup { addresses, online } => {
            let geo = geo_files::with_cities(&settings, geo()?);
            let mut found: Vec<Value> = addresses.iter().map(|&address| lookup(&geo, address)).collect();
            if let Some(named) = online {
                let online = Online::new(&settings.online, named);
                ask(&mut found, addresses, online.map_err(|error| Failure::Usage(error.to_string()))?);
            }
            lookups(&found, format)
        }
        Verb::Info => info(&geo_files::with_cities(&settings, geo()?), format),
        Verb::Update { check: true, .. } => {
            check(&settings, &geo_files::with_cities(&settings, geo()?), format)?
        }
        Verb::Update { from, .. } => update(&settings, from.as_deref(), format)?,
        Verb::Prefixes { asn, aggregate } => prefixes(&geo()?, *asn, *aggregate, format),
    };
    output::write(output::open(None)?, &text)?;
    Ok(ExitCode::SUCCESS)
}

/// What is known of an address; the API gives the same.
pub(crate) fn lookup(geo: &Geo, address: IpAddr) -> Value {
    let place = geo.place(address);
    let prefix = geo.prefix(address);
    let city = geo.city(address).filter(|_| place.cell.is_some());
    let city_source = place.cell.and(geo.sources().city).map(|table| table.label());
    let from = geo.provenance(address);
    let origins = geo.route(address).map_or(Vec::new(), |route| route.origins.to_vec());
    let origins: Vec<u32> = origins.iter().map(|asn| asn.0).collect();
    let kinds = place.asn.map_or(&[][..], hints);
    json!({
        "address": address.to_string(),
        "country": place.country.map(|code| code.to_string()),
        "country_name": place.country.map(country_name),
        "asn": place.asn.map(|asn| asn.0),
        "as_name": geo.holder(address),
        "origins": origins,
        "hints": kinds.iter().map(|hint| hint.name()).collect::<Vec<_>>(),
        "prefix": prefix.map(|prefix| prefix.network.to_string()),
        "prefix_exact": prefix.map(|prefix| prefix.exact),
        "prefix_kind": prefix.map(|prefix| prefix.kind.label()),
        "place": place.category.name(),
        "city": city.map(|city| city.name),
        "region": city.map(|city| city.region),
        "lat": place.cell.map(Cell::lat),
        "lon": place.cell.map(Cell::lon),
        "accuracy_km": place.cell.map(|_| Cell::KILOMETRES),
        "note": from.note,
        "databases": databases(geo, address),
        "source": {"country": from.country, "asn": from.asn, "prefix": from.prefix, "as_name": from.name, "city": city_source},
    })
}

/// What the databases say where the settings say otherwise; null where they agree.
fn databases(geo: &Geo, address: IpAddr) -> Value {
    let alone = geo.clone().with_overrides(&[]);
    let said = |geo: &Geo| {
        let place = geo.place(address);
        json!({
            "country": place.country.map(|code| code.to_string()),
            "asn": place.asn.map(|asn| asn.0),
            "as_name": geo.holder(address),
            "prefix": geo.prefix(address).map(|prefix| prefix.network.to_string()),
        })
    };
    let of_tables = said(&alone);
    if of_tables == said(geo) { Value::Null } else { of_tables }
}

/// The databases in use; the API gives the same.
pub(crate) fn info_document(geo: &Geo) -> Value {
    let sources = geo.sources();
    let tables = [
        ("country", sources.country),
        ("asn", sources.asn),
        ("city", sources.city),
        ("routes", sources.routes),
        ("as names", sources.names),
    ];
    let now = jiff::Timestamp::now();
    let tables: Vec<Value> = tables
        .into_iter()
        .filter_map(|(what, table)| table.map(|table| (what, table)))
        .map(|(what, table)| {
            let attribution: Vec<Value> =
                table.attribution.iter().map(|line| json!({"text": line.text, "url": line.url})).collect();
            let date = (!table.date.is_empty()).then_some(&table.date);
            json!({
                "holds": what, "name": table.name, "date": date, "age_days": ages::days(&table, now),
                "licence": table.licence, "origin": origin(&table.origin), "ranges": table.ranges,
                "notice": table.notice, "attribution": attribution,
            })
        })
        .collect();
    json!({"schema": 1, "databases": tables, "overrides": sources.overrides})
}

/// Where a table came from, in a word or as the file's path.
fn origin(origin: &SourceOrigin) -> &str {
    match origin {
        SourceOrigin::Bundled => "bundled",
        SourceOrigin::File(path) => path,
    }
}

/// Adds what others say.
fn ask(found: &mut [Value], addresses: &[IpAddr], mut online: Online) {
    for (row, answer) in found.iter_mut().zip(online.look_up(addresses)) {
        row["online"] = answer;
    }
    if let Some(complaint) = online.complaint() {
        super::failure::complain(complaint);
    }
}

fn lookups(found: &[Value], format: Format) -> String {
    if matches!(format, Format::Json) {
        return match found {
            [one] => format!("{one}\n"),
            all => format!("{}\n", Value::from(all.to_vec())),
        };
    }
    if matches!(format, Format::Jsonl) {
        return found.iter().map(|row| format!("{row}\n")).collect();
    }
    let mut fields = vec![
        "address",
        "country",
        "country_name",
        "region",
        "city",
        "lat",
        "lon",
        "asn",
        "as_name",
        "hints",
        "prefix",
        "prefix_kind",
        "place",
    ];
    let mut rows: Vec<Value> = found.iter().cloned().map(in_words).collect();
    for asked in Asked::ALL {
        if found.iter().any(|row| row["online"][asked.name()].is_object()) {
            fields.push(asked.name());
            rows.iter_mut()
                .for_each(|row| row[asked.name()] = asked.summary(&row["online"][asked.name()]).into());
        }
    }
    listing(&rows, &fields).render(format)
}

/// Lists as words, for tables.
fn in_words(mut row: Value) -> Value {
    let words: Vec<&str> = row["hints"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    row["hints"] = if words.is_empty() { Value::Null } else { words.join(" ").into() };
    row
}

fn info(geo: &Geo, format: Format) -> String {
    let document = info_document(geo);
    if matches!(format, Format::Json | Format::Jsonl) {
        return format!("{document}\n");
    }
    let rows = document["databases"].as_array().cloned().unwrap_or_default();
    let fields = ["holds", "name", "date", "age_days", "licence", "ranges", "origin"];
    let mut text = listing(&rows, &fields).render(format);
    if format == Format::Table {
        for line in geo.sources().attribution() {
            text += &format!("{} ({})\n", line.text, line.url);
        }
        text.extend(notices(&rows));
        if let Some(overrides @ 1..) = document["overrides"].as_u64() {
            text += &format!("{overrides} networks are set in the settings and win over all databases.\n");
        }
        text += "A country is an estimate of where an address is used. `wireglobe geo update` or `geo.databases` in the \
                 settings takes other or fresher data.\n";
    }
    text
}

/// Whether there is anything newer; an error only when nobody could be asked.
fn check(settings: &Settings, geo: &Geo, format: Format) -> Result<String, Failure> {
    let found = newer::check(settings, &geo.sources());
    let found = found.map_err(|error| Failure::Usage(error.to_string()))?;
    if let (Some(error), true) =
        (found.iter().find_map(Finding::error), found.iter().all(|one| one.error().is_some()))
    {
        return Err(Failure::Unreadable(error.to_owned()));
    }
    let rows: Vec<Value> = found.iter().map(Finding::document).collect();
    if matches!(format, Format::Json | Format::Jsonl) {
        return Ok(format!("{}\n", json!({"schema": 1, "checks": rows})));
    }
    Ok(listing(&rows, &["what", "in_use", "latest", "newer", "error"]).render(format))
}

/// What the user should know of the databases, each notice once behind the names of those it is about.
fn notices(rows: &[Value]) -> Vec<String> {
    let mut told: Vec<(&str, Vec<String>)> = Vec::new();
    for row in rows {
        let Some(notice) = row["notice"].as_str() else { continue };
        let name = output::plain(&row["name"]);
        match told.iter_mut().find(|(known, _)| *known == notice) {
            Some((_, names)) => names.push(name),
            None => told.push((notice, vec![name])),
        }
    }
    told.into_iter().map(|(notice, names)| format!("{}: {notice}\n", names.join(", "))).collect()
}

fn update(settings: &Settings, from: Option<&str>, format: Format) -> Result<String, Failure> {
    let from = from.unwrap_or(&settings.geo.update_from);
    if from.is_empty() {
        return Err(Failure::Usage(
            "geo update: expected --from FILE|URL, or geo.update_from in the settings".to_owned(),
        ));
    }
    let stored = geo_update::update(settings, from).map_err(Failure::Unreadable)?;
    let document = json!({
        "schema": 1, "kind": stored.kind, "name": stored.name, "date": stored.date, "rows": stored.rows,
        "stored": stored.path.display().to_string(), "notice": stored.notice,
    });
    if matches!(format, Format::Json | Format::Jsonl) {
        return Ok(format!("{document}\n"));
    }
    let dated =
        if stored.date.is_empty() { "without a date".to_owned() } else { format!("of {}", stored.date) };
    let mut text = format!(
        "{}: {} {dated}, {} rows, in use from now on\n",
        stored.path.display(),
        stored.kind,
        stored.rows
    );
    text.extend(stored.notice.map(|notice| format!("{notice}\n")));
    Ok(text)
}

fn prefixes(geo: &Geo, asn: Asn, aggregate: bool, format: Format) -> String {
    let known = geo.holdings(asn);
    let networks = known.networks().into_iter().map(|(network, _)| network);
    let networks: Vec<Network> = if aggregate { cover::cover(networks) } else { networks.collect() };
    let listed: Vec<String> = networks.iter().map(ToString::to_string).collect();
    match format {
        Format::Json => {
            let document = json!({
                "schema": 1, "asn": asn.0, "as_name": geo.as_name(asn), "announced": known.announced.len(),
                "covering": known.covering.len(), "set": known.set.len(), "aggregated": aggregate, "prefixes": listed,
            });
            format!("{document}\n")
        }
        Format::Jsonl => listed.iter().map(|prefix| format!("{}\n", json!({"prefix": prefix}))).collect(),
        _ => {
            if !known.covering.is_empty() {
                super::complain(
                    "covering ranges are among these, not only announced prefixes: no routing table of their family is loaded (geo update)",
                );
            }
            listed.iter().map(|prefix| format!("{prefix}\n")).collect()
        }
    }
}

fn listing(rows: &[Value], fields: &[&'static str]) -> Listing {
    let columns = fields.iter().map(|&field| Column { field, title: field, number: false }).collect();
    let rows: Vec<Vec<Value>> =
        rows.iter().map(|row| fields.iter().map(|&field| row[field].clone()).collect()).collect();
    let pretty = rows.iter().map(|row| row.iter().map(output::plain).collect()).collect();
    Listing { columns, rows, pretty }
}

//! `wireglobe geo lookup ADDRESS…` and `wireglobe geo info`.

use std::net::IpAddr;
use std::process::ExitCode;

use analyzer::geo::{Geo, Needs, SourceOrigin, country_name};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::output::{self, Column, Format, Listing};
use crate::cli::{Common, Failure};
use crate::online::{Asked, Online};
use crate::{geo_files, settings};

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
    /// The databases in use: dates, licences, attribution
    Info,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let geo = geo_files::load(&settings, Needs { country: true, asn: true })?;
    let text = match &arguments.verb {
        Verb::Lookup { addresses, online } => {
            let mut found: Vec<Value> = addresses.iter().map(|&address| lookup(&geo, address)).collect();
            if let Some(named) = online {
                let online = Online::new(&settings.online, named);
                ask(&mut found, addresses, online.map_err(|error| Failure::Usage(error.to_string()))?);
            }
            lookups(&found, arguments.format)
        }
        Verb::Info => info(&geo, arguments.format),
    };
    output::write(output::open(None)?, &text)?;
    Ok(ExitCode::SUCCESS)
}

/// What is known of an address; the API gives the same.
pub(crate) fn lookup(geo: &Geo, address: IpAddr) -> Value {
    let place = geo.place(address);
    let prefix = geo.prefix(address);
    let sources = geo.sources();
    json!({
        "address": address.to_string(),
        "country": place.country.map(|code| code.to_string()),
        "country_name": place.country.map(country_name),
        "asn": place.asn.map(|asn| asn.0),
        "as_name": place.asn.and_then(|asn| geo.as_name(asn)),
        "prefix": prefix.map(|prefix| prefix.network.to_string()),
        "prefix_exact": prefix.map(|prefix| prefix.exact),
        "place": place.category.name(),
        "source": {
            "country": place.country.and(sources.country.as_ref()).map(|table| table.label()),
            "asn": place.asn.and(sources.asn.as_ref()).map(|table| table.label()),
        },
    })
}

/// The databases in use; the API gives the same.
pub(crate) fn info_document(geo: &Geo) -> Value {
    let sources = geo.sources();
    let tables: Vec<Value> = [("country", sources.country), ("asn", sources.asn)]
        .into_iter()
        .filter_map(|(what, table)| table.map(|table| (what, table)))
        .map(|(what, table)| {
            let attribution: Vec<Value> =
                table.attribution.iter().map(|line| json!({"text": line.text, "url": line.url})).collect();
            json!({
                "holds": what, "name": table.name, "date": table.date, "licence": table.licence,
                "origin": origin(&table.origin), "ranges": table.ranges, "attribution": attribution,
            })
        })
        .collect();
    json!({"schema": 1, "databases": tables})
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
    let mut fields = vec!["address", "country", "country_name", "asn", "as_name", "prefix", "place"];
    let mut rows = found.to_vec();
    for asked in Asked::ALL {
        if found.iter().any(|row| row["online"][asked.name()].is_object()) {
            fields.push(asked.name());
            rows.iter_mut()
                .for_each(|row| row[asked.name()] = asked.summary(&row["online"][asked.name()]).into());
        }
    }
    listing(&rows, &fields).render(format)
}

fn info(geo: &Geo, format: Format) -> String {
    let document = info_document(geo);
    if matches!(format, Format::Json | Format::Jsonl) {
        return format!("{document}\n");
    }
    let rows = document["databases"].as_array().cloned().unwrap_or_default();
    let mut text = listing(&rows, &["holds", "name", "date", "licence", "ranges", "origin"]).render(format);
    if format == Format::Table {
        for line in rows.iter().flat_map(|row| row["attribution"].as_array().into_iter().flatten()) {
            text += &format!("{} ({})\n", output::plain(&line["text"]), output::plain(&line["url"]));
        }
        text += "A country is an estimate of where an address is used. The bundled tables were published with known \
                 errors upstream; `geo.databases` in the settings takes a fresher .mmdb.\n";
    }
    text
}

fn listing(rows: &[Value], fields: &[&'static str]) -> Listing {
    let columns = fields.iter().map(|&field| Column { field, title: field, number: false }).collect();
    let rows: Vec<Vec<Value>> =
        rows.iter().map(|row| fields.iter().map(|&field| row[field].clone()).collect()).collect();
    let pretty = rows.iter().map(|row| row.iter().map(output::plain).collect()).collect();
    Listing { columns, rows, pretty }
}

//! What a look-up costs, and loading; maxminddb on the raw file beside it when `WIREGLOBE_GEO_INPUTS` names the folder.
//!
//! Divan shows the time of a batch of 65,536 addresses; the items-per-second column gives one look-up.
#![expect(clippy::disallowed_methods, reason = "the bench reads the raw database to compare with")]
#![allow(missing_docs, reason = "a bench has no readers of its interface")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use analyzer::Network;
use analyzer::geo::routes::{Routes, RoutesBuilder, pyasn};
use analyzer::geo::{Asn, Category, CountryCode, Geo, Needs};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

const BATCH: usize = 1 << 16;

static GEO: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs::ALL));
static COUNTRY: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs { country: true, asn: false }));
static ASN: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs { country: false, asn: true }));

static CITY: LazyLock<Geo> = LazyLock::new(|| Geo::empty().with_cities());

fn main() {
    divan::main();
}

/// xorshift64*: the same addresses in every run.
fn random(count: usize) -> impl Iterator<Item = u64> {
    let mut state = 7_u64;
    (0..count).map(move |_| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    })
}

fn global(address: &IpAddr) -> bool {
    Category::of(*address) == Category::Global
}

fn v4_random() -> Vec<IpAddr> {
    let all = random(16 * BATCH).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits as u32)));
    all.filter(global).take(BATCH).collect()
}

/// A few addresses make most of the traffic: rank by the inverse of a uniform number, 65,536 hosts.
fn v4_zipf() -> Vec<IpAddr> {
    let hosts: Vec<IpAddr> = v4_random();
    random(BATCH)
        .map(|bits| hosts[((BATCH as f64).powf(bits as f64 / u64::MAX as f64) as usize - 1) % hosts.len()])
        .collect()
}

/// Addresses inside space that is handed out, else all would fall into the gaps.
fn v6_random() -> Vec<IpAddr> {
    let block = |bits: u64| 0x2a00 << 112 | u128::from(bits & 0xf_ffff) << 97 | u128::from(bits >> 20);
    random(BATCH).map(|bits| IpAddr::V6(Ipv6Addr::from_bits(block(bits)))).collect()
}

fn places(bencher: Bencher<'_, '_>, geo: &Geo, addresses: &[IpAddr]) {
    bencher.counter(ItemsCount::new(addresses.len())).bench_local(|| {
        for address in addresses {
            black_box(geo.place(black_box(*address)));
        }
    });
}

#[divan::bench(args = ["v4_random", "v4_zipf", "v6"])]
fn category(bencher: Bencher<'_, '_>, kind: &str) {
    places(bencher, &Geo::empty(), &addresses(kind));
}

/// The cell of the city, as a host's place has it.
#[divan::bench(args = ["v4_random", "v4_zipf", "v6"])]
fn city(bencher: Bencher<'_, '_>, kind: &str) {
    places(bencher, &CITY, &addresses(kind));
}

#[divan::bench(args = ["v4_random", "v4_zipf", "v6"])]
fn country(bencher: Bencher<'_, '_>, kind: &str) {
    places(bencher, &COUNTRY, &addresses(kind));
}

#[divan::bench(args = ["v4_random", "v4_zipf", "v6"])]
fn asn(bencher: Bencher<'_, '_>, kind: &str) {
    places(bencher, &ASN, &addresses(kind));
}

#[divan::bench(args = ["v4_random", "v4_zipf", "v6"])]
fn country_and_asn(bencher: Bencher<'_, '_>, kind: &str) {
    places(bencher, &GEO, &addresses(kind));
}

/// A routing table of the real one's size and shape: a million prefixes of IPv4, two thirds of them /24 in wider ones, and
/// 200,000 of IPv6.
static ROUTES: LazyLock<Routes> = LazyLock::new(|| {
    let mut builder = RoutesBuilder::new();
    for bits in random(1_200_000) {
        let asn = Asn(1 + (bits >> 32) as u32 % 80_000);
        let network = if bits % 6 == 0 {
            let first = 0x2a00 << 112 | u128::from(bits >> 8 & 0xff_ffff) << 93;
            Network::new(IpAddr::V6(first.into()), 32 + (bits >> 3) as u8 % 17)
        } else {
            let len = if bits % 3 == 0 { 14 + (bits >> 3) as u8 % 10 } else { 24 };
            Network::new(IpAddr::V4(((bits >> 11) as u32).into()), len)
        };
        builder.push(network, asn);
    }
    builder.build()
});

#[divan::bench(args = ["v4_random", "v4_zipf", "v6"])]
fn longest_match(bencher: Bencher<'_, '_>, kind: &str) {
    let (routes, addresses) = (&*ROUTES, addresses(kind));
    bencher.counter(ItemsCount::new(addresses.len())).bench_local(|| {
        for address in &addresses {
            black_box(routes.get(black_box(*address)));
        }
    });
}

#[divan::bench]
fn load_pyasn(bencher: Bencher<'_, '_>) {
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = pyasn::write(&ROUTES, "bench", &mut text);
    bencher.bench_local(|| pyasn::read(text.as_slice(), "bench").ok().map(|routes| routes.len()));
}

#[divan::bench(args = ["v4_random", "v4_zipf", "v6"])]
fn maxminddb_country(bencher: Bencher<'_, '_>, kind: &str) {
    let folder = std::env::var("WIREGLOBE_GEO_INPUTS").unwrap_or_default();
    let Ok(bytes) = std::fs::read(format!("{folder}/dbip-country.mmdb")) else {
        return;
    };
    let Ok(reader) = maxminddb::Reader::from_source(bytes) else { return };
    let addresses = addresses(kind);
    bencher.counter(ItemsCount::new(addresses.len())).bench_local(|| {
        for address in &addresses {
            let found = reader.lookup(black_box(*address)).ok();
            let code =
                found.and_then(|found| found.decode_path::<&str>(&["country_code".into()]).ok().flatten());
            black_box(code.and_then(CountryCode::new));
        }
    });
}

fn addresses(kind: &str) -> Vec<IpAddr> {
    match kind {
        "v4_random" => v4_random(),
        "v4_zipf" => v4_zipf(),
        _ => v6_random(),
    }
}

#[divan::bench]
fn load_both() -> Geo {
    Geo::bundled(Needs::ALL)
}

#[divan::bench]
fn load_country() -> Geo {
    Geo::bundled(Needs { country: true, asn: false })
}

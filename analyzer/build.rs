//! Lays the bundled tables out as they lie in memory, for `src/geo` to include.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads and writes files, and is told by the environment where"
)]

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use geo::flat::Writer;
use geo::pack::{NotATable, unpack_asn, unpack_country};

#[path = "src/geo/for_build.rs"]
#[allow(dead_code, reason = "the rest is for the program")]
mod geo;

fn main() -> Result<(), Box<dyn Error>> {
    lay_out("country", |packed, flat| unpack_country(packed).map(|table| table.flatten(flat)))?;
    lay_out("asn", |packed, flat| unpack_asn(packed).map(|table| table.flatten(flat)))?;
    lay_out("city", |packed, flat| geo::city::pack::unpack(packed).map(|table| table.flatten(flat)))?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/geo");
    Ok(())
}

fn lay_out(
    name: &str,
    fill: impl Fn(&[u8], &mut Writer) -> Result<(), NotATable>,
) -> Result<(), Box<dyn Error>> {
    let path = format!("data/{name}.bin.gz");
    println!("cargo::rerun-if-changed={path}");
    let packed = fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
    let target_is_big = env::var("CARGO_CFG_TARGET_ENDIAN").is_ok_and(|endian| endian == "big");
    let mut flat = Writer::new(target_is_big != cfg!(target_endian = "big"));
    fill(&packed, &mut flat).map_err(|error| format!("{path}: {error}"))?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join(format!("{name}.flat")), flat.finish())?;
    Ok(())
}

//! The bill of materials: every crate that is compiled into the binary, as CycloneDX 1.5 has it (cyclonedx.org/docs/1.5/json), from what
//! `cargo metadata`, `cargo tree` and `Cargo.lock` say. Without time and serial number, so that the same sources give the same bill.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Workspace, cargo, platform};

/// What is linked into `wireglobe`: of the graph of all crates the part that normal dependencies reach from `visualizer` on Linux, as far
/// as it is built. `cargo metadata` has crates beyond it, which only features bring that this build has not.
pub(super) fn bill(workspace: &Workspace) -> Result<Value> {
    let packages = by_id(&workspace.metadata["packages"]);
    let nodes = by_id(&workspace.metadata["resolve"]["nodes"]);
    let built = built(workspace)?;
    let (root, _) = packages
        .iter()
        .find(|(_, package)| package["name"] == "visualizer" && package["source"].is_null())
        .context("no visualizer")?;
    let mut linked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut waiting = vec![*root];
    while let Some(id) = waiting.pop() {
        if linked.contains_key(id) {
            continue;
        }
        let mut dependencies = links(nodes.get(id).context("no node")?);
        dependencies.retain(|id| packages.get(id).is_some_and(|package| built.contains(&named(package))));
        waiting.extend(&dependencies);
        linked.insert(id, dependencies);
    }
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("Cargo.lock")?;
    let sums = checksums(&lock);
    let name = |id: &str| purl(packages[id]);
    let mut components: Vec<Value> =
        linked.keys().filter(|id| *id != root).map(|id| component(packages[id], &sums)).collect();
    components.sort_by_key(|component| component["purl"].to_string());
    let mut graph: Vec<Value> = linked
        .iter()
        .map(|(id, on)| json!({"ref": name(id), "dependsOn": on.iter().map(|id| name(id)).collect::<BTreeSet<_>>()}))
        .collect();
    graph.sort_by_key(|node| node["ref"].to_string());
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {
            "type": "application", "bom-ref": name(root), "name": "wireglobe", "version": workspace.version,
            "licenses": [{"expression": "MIT OR Apache-2.0"}],
        }},
        "components": components,
        "dependencies": graph,
    }))
}

fn by_id(list: &Value) -> BTreeMap<&str, &Value> {
    list.as_array().into_iter().flatten().filter_map(|one| Some((one["id"].as_str()?, one))).collect()
}

/// The crates that one links: not those of its tests, nor those of its build script.
fn links(node: &Value) -> BTreeSet<&str> {
    let is_linked = |kind: &Value| kind["kind"].is_null();
    let list = node["deps"].as_array().into_iter().flatten();
    list.filter(|one| one["dep_kinds"].as_array().into_iter().flatten().any(is_linked))
        .filter_map(|one| one["pkg"].as_str())
        .collect()
}

/// Name and version of each crate that is built for the binary.
fn built(workspace: &Workspace) -> Result<BTreeSet<String>> {
    let output = cargo()
        .current_dir(&workspace.root)
        .args(["tree", "--locked", "--offline", "--package", "visualizer", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}", "--target", &platform()])
        .output()
        .context("cargo tree")?;
    ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    // `serde v1.0.229`, and behind it where from.
    let words = |line: &str| {
        let mut words = line.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
    };
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(words).collect())
}

fn named(package: &Value) -> String {
    format!("{} {}", text(package, "name"), text(package, "version"))
}

/// The SHA-256 of each crate's archive, by name and version.
fn checksums(lock: &str) -> BTreeMap<(&str, &str), &str> {
    let value = |block: &'_ str, key: &str| -> Option<(usize, usize)> {
        let start = block.find(&format!("\n{key} = \""))? + key.len() + 5;
        Some((start, start + block[start..].find('"')?))
    };
    let of = |block| {
        let get = |key| value(block, key).map(|(start, end)| &block[start..end]);
        Some(((get("name")?, get("version")?), get("checksum")?))
    };
    lock.split("[[package]]").filter_map(of).collect()
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

/// The crate's address as package managers write it (package-url.org).
fn purl(package: &Value) -> String {
    format!("pkg:cargo/{}@{}", text(package, "name"), text(package, "version").replace('+', "%2B"))
}

fn component(package: &Value, sums: &BTreeMap<(&str, &str), &str>) -> Value {
    let (name, version) = (text(package, "name"), text(package, "version"));
    let mut component = json!({
        "type": "library", "bom-ref": purl(package), "name": name, "version": version, "purl": purl(package),
        // Some still write a slash where SPDX has OR.
        "licenses": [{"expression": text(package, "license").replace('/', " OR ")}],
    });
    if let Some(sum) = sums.get(&(name, version)) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": sum}]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bill_has_what_is_linked_with_its_sum_and_nothing_of_tests() {
        let workspace = Workspace::look().unwrap();
        let bill = bill(&workspace).unwrap();
        let components = bill["components"].as_array().unwrap();
        let names: BTreeSet<&str> = components.iter().map(|one| text(one, "name")).collect();
        for linked in ["capturer", "analyzer", "axum", "libsqlite3-sys", "rustls", "landlock", "serde_derive"]
        {
            assert!(names.contains(linked), "{linked}");
        }
        // ring stands in `cargo metadata`, and no build takes it.
        for other in ["proptest", "divan", "cc", "ring", "windows-sys", "wasm-bindgen", "visualizer", "xtask"]
        {
            assert!(!names.contains(other), "{other}");
        }
        for component in components {
            let is_own = ["capturer", "analyzer"].contains(&text(component, "name"));
            let sum = component["hashes"][0]["content"].as_str().map_or(0, str::len);
            assert_eq!(sum, if is_own { 0 } else { 64 }, "{component}");
            assert_ne!(component["licenses"][0]["expression"], "", "{component}");
        }
        let known: BTreeSet<&str> = components.iter().map(|one| text(one, "bom-ref")).collect();
        for node in bill["dependencies"].as_array().unwrap() {
            for on in node["dependsOn"].as_array().unwrap() {
                assert!(known.contains(on.as_str().unwrap()), "{on} is in the graph alone");
            }
        }
    }
}

//! `cargo xtask dist`: an archive for who has no package manager that fits: the binary, its unit, manual and completions, documents, licences
//! and a bill of materials, with a checksum beside it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::{Arguments, Workspace, generate, sbom};

/// Files and folders of the repository that go along.
const TAKEN: [&str; 8] = [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "docs",
    "packaging/wireglobe.service",
    "packaging/wireglobe.sysusers",
    "settings.toml",
];

/// Builds, gathers, packs; prints where the archive is.
pub fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::look()?;
    let (binary, folder) = (workspace.build(&arguments.profile)?, workspace.folder()?);
    let name = format!("wireglobe-{}-{}-linux", workspace.version, std::env::consts::ARCH);
    let tree = folder.join(&name);
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    fs::create_dir_all(&tree)?;
    generate(&binary, &tree)?;
    fs::copy(&binary, tree.join("wireglobe"))?;
    for path in TAKEN {
        copy(&workspace.root.join(path), &tree.join(Path::new(path).file_name().context("a name")?))?;
    }
    let bill = serde_json::to_string_pretty(&sbom::bill(&workspace)?)? + "\n";
    fs::write(tree.join("wireglobe.cdx.json"), &bill)?;
    let archive = format!("{name}.tar.gz");
    pack(&folder, &name, &archive)?;
    let hash = Sha256::digest(fs::read(folder.join(&archive))?);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    // As sha256sum writes it, and `sha256sum --check` reads it.
    fs::write(folder.join(format!("{archive}.sha256")), format!("{hash}  {archive}\n"))?;
    fs::write(folder.join(format!("{name}.cdx.json")), bill)?;
    fs::remove_dir_all(&tree)?;
    report(&folder.join(archive))
}

#[expect(clippy::print_stdout, reason = "a tool's result")]
fn report(archive: &Path) -> Result<()> {
    println!("{} ({} bytes)", archive.display(), fs::metadata(archive)?.len());
    Ok(())
}

/// A file, or a folder with all in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let shown = || from.display().to_string();
    if !from.is_dir() {
        fs::copy(from, to).with_context(shown)?;
        return Ok(());
    }
    fs::create_dir_all(to).with_context(shown)?;
    for entry in fs::read_dir(from).with_context(shown)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The same bytes of the same files: sorted, of nobody, of the last commit's time.
fn pack(folder: &Path, name: &str, archive: &str) -> Result<()> {
    let time = Command::new("git").args(["log", "-1", "--format=%ct"]).output().context("git log")?;
    let time = String::from_utf8_lossy(&time.stdout).trim().to_owned();
    let packed = Command::new("tar")
        .current_dir(folder)
        .args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=go=rX,u+rw,a-s"])
        .arg(format!("--mtime=@{}", if time.is_empty() { "0" } else { &time }))
        .args(["--create", "--use-compress-program", "gzip -n", "--file", archive, name])
        .status()
        .context("tar")?;
    ensure!(packed.success(), "tar failed");
    Ok(())
}

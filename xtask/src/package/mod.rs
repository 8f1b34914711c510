//! Packages: what users install, made from a release binary and what it says of itself.

pub mod deb;
pub mod dist;
mod sbom;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The profile the binary is built with: dist is the smallest and takes longest
    #[arg(long, default_value = "dist")]
    profile: String,
}

/// What the binary writes of itself: arguments, file.
const GENERATED: [(&[&str], &str); 4] = [
    (&["man"], "wireglobe.1"),
    (&["completions", "bash"], "wireglobe.bash"),
    (&["completions", "zsh"], "_wireglobe"),
    (&["completions", "fish"], "wireglobe.fish"),
];

/// The cargo that runs this, else the user's. Not the toolchain's own, which chooses no toolchain for the compilers it starts: some
/// crates come with a `rust-toolchain.toml`, which then would.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What is built for; what is for other systems only is left out.
fn platform() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

/// Where the workspace is, and where cargo builds.
struct Workspace {
    root: PathBuf,
    target: PathBuf,
    version: String,
    /// All that `cargo metadata` says.
    metadata: Value,
}

impl Workspace {
    fn look() -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform"])
            .arg(platform())
            .output()
            .context("cargo metadata")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let path = |key: &str| metadata[key].as_str().map(PathBuf::from).with_context(|| format!("no {key}"));
        let (root, target) = (path("workspace_root")?, path("target_directory")?);
        Ok(Self { root, target, version: env!("CARGO_PKG_VERSION").to_owned(), metadata })
    }

    /// Builds the binary with a profile; its path.
    fn build(&self, profile: &str) -> Result<PathBuf> {
        let built = cargo()
            .current_dir(&self.root)
            .args(["build", "--locked", "--package", "visualizer", "--profile", profile])
            .status()
            .context("cargo build")?;
        ensure!(built.success(), "cargo build --profile {profile} failed");
        // Cargo's own name of that folder.
        let folder = if profile == "dev" { "debug" } else { profile };
        Ok(self.target.join(folder).join("wireglobe"))
    }

    /// The folder of what is made here.
    fn folder(&self) -> Result<PathBuf> {
        let folder = self.root.join("target/package");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder)
    }
}

/// Manual page and completions, as the binary writes them.
fn generate(binary: &Path, folder: &Path) -> Result<()> {
    for (arguments, file) in GENERATED {
        let output =
            Command::new(binary).args(arguments).output().with_context(|| binary.display().to_string())?;
        if !output.status.success() || output.stdout.is_empty() {
            bail!(
                "{} {}: {}",
                binary.display(),
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let path = folder.join(file);
        fs::write(&path, output.stdout).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

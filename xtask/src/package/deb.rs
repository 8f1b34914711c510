//! `cargo xtask deb`: the Debian package, by cargo-deb, as `[package.metadata.deb]` of `visualizer/Cargo.toml` describes it.

use anyhow::{Context, Result, ensure};

use super::{Arguments, Workspace, cargo, generate};

/// Builds, generates, packs; prints where the package is.
pub fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::look()?;
    let (binary, folder) = (workspace.build(&arguments.profile)?, workspace.folder()?);
    generate(&binary, &folder)?;
    let packed = cargo()
        .current_dir(&workspace.root)
        .args(["deb", "--no-build", "--locked", "--package", "visualizer", "--profile", &arguments.profile])
        // Names of functions stay: crash reports need them. The profile has stripped the rest.
        .arg("--no-strip")
        .arg("--output")
        .arg(&folder)
        .status()
        .context("cargo deb")?;
    ensure!(packed.success(), "cargo deb failed; it is installed by: cargo install cargo-deb --locked");
    Ok(())
}

//! The project's own tools.

mod craft;
mod demo;

use anyhow::Result;
use clap::Parser;

/// One line per tool.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about)]
enum Tool {
    /// Make the demo capture
    Demo(demo::Arguments),
}

fn main() -> Result<()> {
    match Tool::parse() {
        Tool::Demo(arguments) => demo::run(&arguments),
    }
}

//! `wireglobe completions SHELL` and `wireglobe man`: made from the parser itself.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use crate::cli::{Failure, output};

/// `wireglobe completions`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "wireglobe", &mut script);
    print(&script)
}

pub(super) fn man() -> Result<ExitCode, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(super::command())
        .render(&mut page)
        .map_err(Failure::system("cannot make the page"))?;
    print(&page)
}

fn print(bytes: &[u8]) -> Result<ExitCode, Failure> {
    output::write(output::open(None)?, &String::from_utf8_lossy(bytes))?;
    Ok(ExitCode::SUCCESS)
}

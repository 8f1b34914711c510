//! `wireglobe filter explain EXPRESSION`: what a filter asks, as a tree; what it reads of a frame, as `tcpdump -d` prints
//! it; and what of it a kernel can't ask.

use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::query::{LinkError, Query};
use capturer::LinkType;
use capturer::filter::bpf::Program;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::output::{self, Format};
use crate::cli::{Common, Failure};

/// `wireglobe filter`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// What a filter asks, and the program that asks it of a frame
    Explain(Explain),
}

#[derive(Debug, Args)]
struct Explain {
    /// A filter in tcpdump's language and Wireglobe's own words; several words are joined with blanks
    #[arg(value_name = "EXPRESSION")]
    expression: Vec<String>,
    /// Whose frames are asked
    #[arg(long, value_name = "LINK", default_value = "ethernet")]
    link: Link,
    /// Show the program for a live interface, where Linux keeps VLAN tags beside the frame
    #[arg(long)]
    live: bool,
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Link types whose frames can be asked by their bytes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Link {
    /// Ethernet
    Ethernet,
    /// IPv4 or IPv6 without a link header
    Raw,
    /// Linux cooked capture, version 1
    LinuxSll,
    /// Linux cooked capture, version 2
    LinuxSll2,
    /// BSD loopback
    Null,
    /// OpenBSD loopback
    Loop,
    /// PPP
    Ppp,
    /// Cisco HDLC
    CiscoHdlc,
    /// IEEE 802.11
    Wireless,
    /// IEEE 802.11 behind a radiotap header
    Radiotap,
}

impl Link {
    const fn number(self) -> LinkType {
        match self {
            Self::Ethernet => LinkType::ETHERNET,
            Self::Raw => LinkType::RAW,
            Self::LinuxSll => LinkType::LINUX_SLL,
            Self::LinuxSll2 => LinkType::LINUX_SLL2,
            Self::Null => LinkType::NULL,
            Self::Loop => LinkType::LOOP,
            Self::Ppp => LinkType::PPP,
            Self::CiscoHdlc => LinkType::C_HDLC,
            Self::Wireless => LinkType::IEEE_802_11,
            Self::Radiotap => LinkType::RADIOTAP,
        }
    }
}

pub(super) fn run(arguments: &Arguments, _: &Common) -> Result<ExitCode, Failure> {
    let Verb::Explain(explain) = &arguments.verb;
    let explained = Explained::new(explain)?;
    let text = match explain.format {
        Format::Json | Format::Jsonl => format!("{}\n", explained.document()),
        _ => explained.text(),
    };
    output::write(output::open(explain.output.as_deref())?, &text)?;
    Ok(ExitCode::SUCCESS)
}

struct Explained {
    canonical: String,
    tree: String,
    /// The whole filter as a program, or why there is none.
    program: Result<Program, String>,
    /// What the kernel can ask of it, where it can't ask everything.
    kernel: Option<Program>,
}

impl Explained {
    fn new(explain: &Explain) -> Result<Self, Failure> {
        let text = explain.expression.join(" ");
        let query = Query::parse(&text)
            .map_err(|error| Failure::Usage(format!("filter\n{}", error.render(&text))))?;
        let filter = query.filter();
        let link = explain.link.number();
        let refused = |error: LinkError| Failure::Usage(format!("filter\n{}", error.render(&text)));
        let frame = filter.frame(link).map_err(refused)?;
        let program = if explain.live { frame.socket_program() } else { frame.program() };
        let kernel = if program.is_err() { filter.kernel(link).0 } else { None };
        Ok(Self {
            canonical: query.to_string(),
            tree: filter.tree().outline(),
            program: program.map_err(|error| error.to_string()),
            kernel,
        })
    }

    fn text(&self) -> String {
        let program = match (&self.program, &self.kernel) {
            (Ok(program), _) => format!("The kernel can ask all of it:\n\n{program}\n"),
            (Err(why), Some(part)) => {
                let rest = "It asks this part, and Wireglobe asks the whole filter of what is left:";
                format!("The kernel can't ask all of it: {why}.\n{rest}\n\n{part}\n")
            }
            (Err(why), None) => {
                format!("The kernel can't ask any of it: {why}. Wireglobe asks it of every frame.\n")
            }
        };
        format!("{}\n{program}", self.tree)
    }

    fn document(&self) -> serde_json::Value {
        let lines = |program: &Program| program.to_string().lines().map(str::to_owned).collect::<Vec<_>>();
        json!({
            "schema": 1,
            "filter": self.canonical,
            "tree": self.tree.lines().collect::<Vec<_>>(),
            "program": self.program.as_ref().ok().map(lines),
            "kernel": self.program.as_ref().ok().or(self.kernel.as_ref()).map(lines),
            "reason": self.program.as_ref().err(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(expression: &str) -> Result<Explained, Failure> {
        Explained::new(&Explain {
            expression: vec![expression.to_owned()],
            link: Link::Ethernet,
            live: false,
            format: Format::Table,
            output: None,
        })
    }

    #[test]
    fn the_tree_stands_before_the_program() {
        let text = explained("tcp port 443 and not net 10").unwrap().text();
        assert!(
            text.starts_with("and\n  tcp port 443\n  not\n    net 10.0.0.0/8\n\nThe kernel can ask all"),
            "{text}"
        );
        assert!(text.contains("(000) ldh      [12]\n(001) jeq      #0x86dd"), "{text}");
    }

    #[test]
    fn a_word_that_only_wireglobe_knows_is_named() {
        let text = explained("tcp and country NL").unwrap().text();
        assert!(
            text.contains("The kernel can't ask all of it: `country NL` can't be asked in the kernel."),
            "{text}"
        );
        let document = explained("country NL").unwrap().document();
        assert!(document["program"].is_null() && document["kernel"].is_null(), "{document}");
    }

    #[test]
    fn a_question_of_one_layer_stands_below_its_word() {
        let text = explained("udp and inner (tcp port 80 and not icmp)").unwrap().text();
        assert!(
            text.starts_with("and\n  udp\n  inner\n    and\n      tcp port 80\n      not\n        icmp\n"),
            "{text}"
        );
        assert!(text.contains("`inner (tcp port 80 and not icmp)` can't be asked in the kernel"), "{text}");
    }

    #[test]
    fn what_the_link_cannot_answer_is_shown_where_it_is() {
        let Err(Failure::Usage(text)) = explained("tcp or type mgt") else { unreachable!() };
        assert!(text.contains("  tcp or type mgt\n         ^^^^^^^^\n"), "{text}");
    }

    #[test]
    fn a_fault_shows_a_caret_and_a_suggestion() {
        let Err(Failure::Usage(text)) = explained("tcp prot 80") else { unreachable!() };
        assert!(text.contains("^^^^") && text.contains("did you mean"), "{text}");
    }
}

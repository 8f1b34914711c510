//! nftables: a named set for each family in a table of their own (nft(8)), replaced whole in one transaction, and a rule as
//! an example that does nothing until its sign is taken away.

use std::fmt::Write as _;

use analyzer::Network;

use super::super::heading::Heading;
use super::super::list::List;

/// Elements of one command: one line stays readable, and the parser's memory small.
const CHUNK: usize = 512;

/// A set's comment may have 127 characters (NFTNL_UDATA_COMMENT_MAXLEN).
const COMMENT: usize = 127;

pub(super) fn render(list: &List, heading: &Heading) -> String {
    let name = &heading.name;
    let mut text = super::comments(
        list,
        heading,
        &[
            "check: nft -c -f FILE · load or renew: nft -f FILE",
            &format!("undo: nft delete table inet {name}"),
            "the sets do nothing until a rule asks for them, such as the chain at the end",
        ],
    );
    let _ = writeln!(text, "add table inet {name}");
    let timeout = super::seconds(heading).map_or_else(String::new, |seconds| format!(" timeout {seconds}s"));
    for (set, ipv6) in [("block4", false), ("block6", true)] {
        text += &declare(set, ipv6, heading);
        let networks: Vec<&Network> = list.family(ipv6).collect();
        for chunk in networks.chunks(CHUNK) {
            let elements: Vec<String> = chunk.iter().map(|network| format!("{network}{timeout}")).collect();
            let _ = writeln!(text, "add element inet {name} {set} {{ {} }}", elements.join(", "));
        }
    }
    for line in [
        "add chain inet NAME input { type filter hook input priority filter - 10; policy accept; }",
        "flush chain inet NAME input",
        "add rule inet NAME input ip saddr @block4 counter drop",
        "add rule inet NAME input ip6 saddr @block6 counter drop",
    ] {
        let _ = writeln!(text, "# {}", line.replace("NAME", name));
    }
    text
}

/// A set that can be there already: it keeps the flags and the default timeout it was made with, so those are the same
/// for every list, and the time stands at each element.
fn declare(set: &str, ipv6: bool, heading: &Heading) -> String {
    let name = &heading.name;
    let family = if ipv6 { "ipv6_addr" } else { "ipv4_addr" };
    let comment = heading.reason.as_ref().map_or_else(String::new, |reason| {
        let short: String = reason.chars().take(COMMENT).collect();
        format!(" comment \"{short}\";")
    });
    format!(
        "add set inet {name} {set} {{ type {family}; flags interval, timeout;{comment} }}\nflush set inet {name} {set}\n"
    )
}

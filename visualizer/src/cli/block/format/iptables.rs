//! iptables-save's form (iptables-restore(8)), one family a file, as the two programs each read only their own. The rules
//! stand in a chain of their own that nothing jumps to.

use std::fmt::Write as _;

use super::super::heading::Heading;
use super::super::list::List;

pub(super) fn ipv4(list: &List, heading: &Heading) -> String {
    render(list, heading, ("iptables", false))
}

pub(super) fn ipv6(list: &List, heading: &Heading) -> String {
    render(list, heading, ("ip6tables", true))
}

fn render(list: &List, heading: &Heading, (program, ipv6): (&str, bool)) -> String {
    let chain = heading.name.to_uppercase();
    let mut text = super::comments(
        list,
        heading,
        &[
            &format!(
                "check: {program}-restore --test --noflush FILE · load or renew: {program}-restore --noflush FILE"
            ),
            &format!("use: {program} -I INPUT -j {chain}"),
            &format!("undo: {program} -D INPUT -j {chain}; {program} -F {chain}; {program} -X {chain}"),
            "nothing expires by itself here; with thousands of networks the formats nft and ipset are far faster",
        ],
    );
    let _ = write!(text, "*filter\n:{chain} - [0:0]\n");
    if let Some(reason) = &heading.reason {
        // A rule without a target does nothing, but iptables-save keeps its comment (at most 255 bytes).
        let _ = writeln!(text, "-A {chain} -m comment --comment \"{reason}\"");
    }
    for network in list.family(ipv6) {
        let _ = writeln!(text, "-A {chain} -s {network} -j DROP");
    }
    text + "COMMIT\n"
}

//! From targets to networks: never more than was asked, and nothing of our own.

use analyzer::geo::{Asn, Category, Geo, special_networks};
use analyzer::{Network, cover};

use super::target::Target;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// What to block.
    pub(crate) targets: Vec<Target>,
    /// The networks that are ours.
    pub(crate) own: Vec<Network>,
    /// Whether private, special and own networks stay on the list.
    pub(crate) keep_special: bool,
}

/// A block list.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// What it is made of.
    pub(crate) parts: Vec<Part>,
    /// Ascending, IPv4 first; once [`List::finish`]ed, none lies within another.
    pub(crate) networks: Vec<Network>,
    /// What was asked for and is not on it.
    pub(crate) left_out: Vec<LeftOut>,
    /// Whether it is the smallest list.
    pub(crate) aggregated: bool,
}

/// What a target stands for.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) target: Target,
    /// The holder's or the country's name.
    pub(crate) name: Option<String>,
    /// Networks it was found to have.
    pub(crate) networks: usize,
    /// What its networks are taken from.
    pub(crate) basis: Vec<Basis>,
    /// How many of its announced prefixes other systems announce, too.
    pub(crate) shared: usize,
}

/// Where a target's networks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// They were given.
    Given,
    /// The country table: an estimate of where addresses are used.
    Country,
    /// The routing table.
    Announced,
    /// The table of systems: ranges in which neighbouring prefixes are joined.
    CoveringRanges,
    /// The settings.
    Settings,
}

impl Basis {
    /// The name in documents.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Country => "country table",
            Self::Announced => "announced prefixes",
            Self::CoveringRanges => "covering ranges",
            Self::Settings => "settings",
        }
    }
}

/// A network that is not on the list though it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    pub(crate) network: Network,
    /// `own`, or the kind of special network.
    pub(crate) why: &'static str,
}

impl List {
    /// The list for an order, with networks within others.
    pub(crate) fn of(order: &Order, geo: &Geo) -> Self {
        let (mut parts, mut asked) = (Vec::new(), Vec::new());
        for target in &order.targets {
            let found = found(target, geo);
            parts.push(Part {
                target: *target,
                name: name(target, geo),
                networks: found.networks.len(),
                basis: found.basis,
                shared: found.shared,
            });
            asked.extend(found.networks);
        }
        let holes = if order.keep_special { Vec::new() } else { holes(&order.own) };
        let (mut networks, left_out) = guard(asked, &holes, &order.own);
        networks.sort_unstable();
        networks.dedup();
        Self { parts, networks, left_out, aggregated: false }
    }

    /// Drops what lies within another network, or with `aggregate` joins to the fewest networks.
    pub(crate) fn finish(self, aggregate: bool) -> Self {
        let networks = if aggregate { cover::cover(self.networks) } else { cover::outermost(self.networks) };
        Self { networks, aggregated: aggregate, ..self }
    }

    /// The networks of one family.
    pub(crate) fn family(&self, ipv6: bool) -> impl Iterator<Item = &Network> {
        self.networks.iter().filter(move |network| network.is_ipv6() == ipv6)
    }
}

/// What a target was found to have.
#[derive(Default)]
struct Found {
    networks: Vec<Network>,
    basis: Vec<Basis>,
    shared: usize,
}

fn found(target: &Target, geo: &Geo) -> Found {
    match *target {
        Target::Asn(asn) => of_system(asn, geo),
        Target::Country(code) => {
            Found { networks: geo.country_networks(code), basis: vec![Basis::Country], shared: 0 }
        }
        Target::Network(network) => Found { networks: vec![network], basis: vec![Basis::Given], shared: 0 },
    }
}

fn of_system(asn: Asn, geo: &Geo) -> Found {
    let held = geo.holdings(asn).exclusive();
    let mut found = Found { shared: held.shared, ..Found::default() };
    for (networks, basis) in [
        (held.announced, Basis::Announced),
        (held.covering, Basis::CoveringRanges),
        (held.set, Basis::Settings),
    ] {
        if !networks.is_empty() {
            found.networks.extend(networks);
            found.basis.push(basis);
        }
    }
    found
}

fn name(target: &Target, geo: &Geo) -> Option<String> {
    match *target {
        Target::Asn(asn) => geo.as_name(asn).map(str::to_owned),
        Target::Country(code) => Some(analyzer::geo::country_name(code).to_owned()),
        Target::Network(_) => None,
    }
}

/// What no list may hold unless it is asked for: special-purpose networks and our own.
fn holes(own: &[Network]) -> Vec<Network> {
    cover::cover(special_networks().into_iter().chain(own.iter().copied()))
}

/// Parts what was asked for into what stays and what is left out. Networks without a hole stay as they are.
fn guard(asked: Vec<Network>, holes: &[Network], own: &[Network]) -> (Vec<Network>, Vec<LeftOut>) {
    let kept = cover::difference(asked.iter().copied(), holes.iter().copied());
    let cut = cover::difference(asked.iter().copied(), kept.iter().copied());
    if cut.is_empty() {
        return (asked, Vec::new());
    }
    let kept = cover::cut_out(asked, &cut);
    (kept, cut.into_iter().map(|network| LeftOut { why: why(&network, own), network }).collect())
}

fn overlap(a: &Network, b: &Network) -> bool {
    a.contains(b.address()) || b.contains(a.address())
}

fn why(network: &Network, own: &[Network]) -> &'static str {
    match Category::of(network.address()) {
        _ if own.iter().any(|own| overlap(own, network)) => "own",
        // A block of several kinds, or one that carries IPv4 addresses.
        Category::Global => "special",
        category => category.name(),
    }
}

#[cfg(test)]
mod tests {
    use analyzer::geo::Needs;
    use analyzer::geo::routes::RoutesBuilder;

    use super::*;

    fn list(targets: &[&str], own: &[&str], keep_special: bool) -> List {
        let own = own.iter().map(|text| text.parse().unwrap()).collect();
        let targets = super::super::target::parse(targets.iter().copied()).unwrap();
        List::of(&Order { targets, own, keep_special }, &Geo::empty())
    }

    fn texts(list: &List) -> Vec<String> {
        list.networks.iter().map(Network::to_string).collect()
    }

    #[test]
    fn networks_stay_as_given_unless_joining_is_asked_for() {
        let given = ["9.0.1.0/24", "9.0.0.0/24", "9.0.1.128/25", "2a00::/32"];
        assert_eq!(texts(&list(&given, &[], false).finish(false)), ["9.0.0.0/24", "9.0.1.0/24", "2a00::/32"]);
        assert_eq!(texts(&list(&given, &[], false).finish(true)), ["9.0.0.0/23", "2a00::/32"]);
    }

    #[test]
    fn private_special_and_own_networks_are_left_out_and_named() {
        let list = list(&["10.1.0.0/16", "9.0.0.0/22", "8.0.0.0/16"], &["9.0.1.0/24"], false);
        assert_eq!(texts(&list), ["8.0.0.0/16", "9.0.0.0/24", "9.0.2.0/23"]);
        let left: Vec<(String, &str)> =
            list.left_out.iter().map(|left| (left.network.to_string(), left.why)).collect();
        assert_eq!(left, [("9.0.1.0/24".to_owned(), "own"), ("10.1.0.0/16".to_owned(), "private")]);
    }

    #[test]
    fn a_system_is_listed_by_its_announced_prefixes_where_there_is_a_routing_table() {
        let mut builder = RoutesBuilder::new();
        for n in 0..20_000_u32 {
            builder.push(format!("9.{}.{}.0/25", n >> 8, n & 0xff).parse().unwrap(), Asn(64_500));
        }
        for (network, origin) in [
            ("11.0.0.0/16", 64_500),
            ("11.0.1.0/24", 64_501),
            ("12.0.0.0/24", 64_500),
            ("12.0.0.0/24", 64_501),
        ] {
            builder.push(network.parse().unwrap(), Asn(origin));
        }
        let source = Geo::bundled(Needs::ALL).sources().asn.unwrap();
        let geo = Geo::empty().with_routes(builder.build(), source);
        let order = Order { targets: vec![Target::Asn(Asn(64_500))], ..Order::default() };
        let list = List::of(&order, &geo).finish(false);
        assert_eq!((&list.parts[0].basis[..], list.parts[0].shared), (&[Basis::Announced][..], 1));
        assert_eq!(list.networks.len(), 20_000 + 8 + 1, "a /16 without a /24 is eight networks");
        let other: Network = "11.0.1.0/24".parse().unwrap();
        assert!(list.networks.iter().all(|network| !network.contains(other.address())));
    }

    #[test]
    fn they_stay_when_that_is_asked_for() {
        let list = list(&["10.1.0.0/16"], &["10.0.0.0/8"], true);
        assert_eq!((texts(&list), list.left_out.len()), (vec!["10.1.0.0/16".to_owned()], 0));
    }

    #[test]
    fn everything_is_the_internet_without_the_special_networks() {
        let list = list(&["0.0.0.0/0", "::/0"], &[], false).finish(true);
        let everything: Vec<Network> =
            ["0.0.0.0/0", "::/0"].iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(list.networks, cover::difference(everything, special_networks()));
        assert!(list.left_out.iter().any(|left| left.why == "loopback"));
    }
}

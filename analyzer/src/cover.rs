//! The exact cover: the smallest list of networks that holds the same addresses as the networks or the range given,
//! never one more.
//!
//! A block list that is one bit too wide hits somebody else, so nothing here rounds up. Networks become ranges, ranges that
//! overlap or touch become one, and each range is cut into the largest aligned blocks from its first address on, as
//! RFC 4632 §3.1 aligns them. Of a range there is only one smallest such list. O(n log n) by the sort.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::Network;

/// The smallest list of networks that holds exactly the same addresses, ascending, IPv4 before IPv6.
pub fn cover(networks: impl IntoIterator<Item = Network>) -> Vec<Network> {
    let mut all = Vec::new();
    for (ranges, family) in families(networks).into_iter().zip([V4, V6]) {
        for range in joined(ranges) {
            cut(range, family, &mut all);
        }
    }
    all
}

/// The smallest list of networks that holds the addresses from `first` to `last`, both included; none where the range
/// is turned around or its ends are of two families.
pub fn of_range(first: IpAddr, last: IpAddr) -> Vec<Network> {
    let mut all = Vec::new();
    if first.is_ipv6() == last.is_ipv6() && first <= last {
        let family = if first.is_ipv6() { V6 } else { V4 };
        cut((bits(first), bits(last)), family, &mut all);
    }
    all
}

/// The smallest list of networks that holds the addresses of `networks` that none of `holes` has.
pub fn difference(
    networks: impl IntoIterator<Item = Network>,
    holes: impl IntoIterator<Item = Network>,
) -> Vec<Network> {
    let (networks, holes) = (families(networks), families(holes));
    let mut all = Vec::new();
    for ((networks, holes), family) in networks.into_iter().zip(holes).zip([V4, V6]) {
        for range in without(&joined(networks), &joined(holes)) {
            cut(range, family, &mut all);
        }
    }
    all
}

/// The networks without the addresses of `holes`: those with a hole become the smallest list of what is left of them,
/// the others stay as they are. In the order given.
pub fn cut_out(networks: impl IntoIterator<Item = Network>, holes: &[Network]) -> Vec<Network> {
    let holes = cover(holes.iter().copied());
    let has_hole = |network: &Network| {
        let (family, last) = (network.is_ipv6(), network.last());
        let hole = holes[..holes.partition_point(|hole| hole.address() <= last)].last();
        hole.is_some_and(|hole| hole.is_ipv6() == family && hole.last() >= network.address())
    };
    let mut left = Vec::new();
    for network in networks {
        if has_hole(&network) {
            left.extend(difference([network], within(&holes, &network)));
        } else {
            left.push(network);
        }
    }
    left
}

/// Those of sorted holes that may overlap a network.
fn within<'a>(holes: &'a [Network], network: &Network) -> impl Iterator<Item = Network> + use<'a> {
    let last = network.last();
    let to = holes.partition_point(|hole| hole.address() <= last);
    // Holes do not overlap, so at most one begins before the network.
    let from = holes.partition_point(|hole| hole.address() < network.address()).saturating_sub(1);
    holes[from.min(to)..to].iter().copied()
}

/// Each of the networks that lies within no other, once each, ascending: nothing is joined.
pub fn outermost(networks: impl IntoIterator<Item = Network>) -> Vec<Network> {
    let mut all: Vec<Network> = networks.into_iter().collect();
    // A network sorts before those within it: its address is not higher and its length is less.
    all.sort_unstable();
    all.dedup_by(|next, so_far| so_far.contains(next.address()));
    all
}

/// How many addresses the networks hold, at most `u128::MAX`; those of a [`cover`] are counted once each.
pub fn addresses(networks: &[Network]) -> u128 {
    let of = |network: &Network| {
        let (first, last) = range_of(network);
        (last - first).saturating_add(1)
    };
    networks.iter().map(of).fold(0, u128::saturating_add)
}

/// First and last address as numbers, both included.
type Range = (u128, u128);

/// A family by the length of its addresses in bits.
type Family = u8;
const V4: Family = 32;
const V6: Family = 128;

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn address(bits: u128, family: Family) -> IpAddr {
    // An IPv4 value has no more than 32 bits: ranges are made of addresses of one family.
    if family == V4 { Ipv4Addr::from_bits(bits as u32).into() } else { Ipv6Addr::from_bits(bits).into() }
}

fn range_of(network: &Network) -> Range {
    let family = if network.is_ipv6() { V6 } else { V4 };
    let first = bits(network.address());
    (first, first | ones(u32::from(family - network.prefix_len())))
}

/// The ranges of IPv4 and those of IPv6.
fn families(networks: impl IntoIterator<Item = Network>) -> [Vec<Range>; 2] {
    let mut families = [Vec::new(), Vec::new()];
    for network in networks {
        families[usize::from(network.is_ipv6())].push(range_of(&network));
    }
    families
}

/// A number whose lowest `count` bits are set.
const fn ones(count: u32) -> u128 {
    if count == 0 { 0 } else { u128::MAX >> (128 - count) }
}

/// Ranges that overlap or touch become one.
fn joined(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    ranges.dedup_by(|next, so_far| {
        let touches = next.0 <= so_far.1.saturating_add(1);
        if touches {
            so_far.1 = so_far.1.max(next.1);
        }
        touches
    });
    ranges
}

/// What is left of joined ranges without the joined holes.
fn without(ranges: &[Range], holes: &[Range]) -> Vec<Range> {
    let mut left = Vec::new();
    let mut holes = holes.iter().peekable();
    for &(mut first, last) in ranges {
        let mut whole = false;
        while let Some(&&(from, to)) = holes.peek() {
            if from > last {
                break;
            }
            if from > first {
                left.push((first, from - 1));
            }
            // A hole may reach into the next range, too: then it stays.
            if to >= last {
                whole = true;
                break;
            }
            first = first.max(to + 1);
            holes.next();
        }
        if !whole {
            left.push((first, last));
        }
    }
    left
}

/// From the first address on, the largest block that is aligned and still inside.
fn cut((mut first, last): Range, family: Family, into: &mut Vec<Network>) {
    loop {
        let aligned = first.trailing_zeros().min(u32::from(family));
        // The largest n with 2^n − 1 ≤ last − first.
        let fitting = match (last - first).checked_add(1) {
            Some(count) => count.ilog2(),
            None => u128::BITS,
        };
        let host_bits = aligned.min(fitting);
        into.push(Network::new(address(first, family), family - host_bits as u8));
        let end = first | ones(host_bits);
        if end >= last {
            return;
        }
        first = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn texts(networks: &[Network]) -> Vec<String> {
        networks.iter().map(Network::to_string).collect()
    }

    #[test]
    fn neighbours_join_and_inner_networks_vanish() {
        #[rustfmt::skip]
        let facts: [(&[&str], &[&str]); 8] = [
            (&[], &[]),
            (&["192.0.2.128/25", "192.0.2.0/25"], &["192.0.2.0/24"]),
            (&["192.0.2.64/26", "192.0.2.128/26"], &["192.0.2.64/26", "192.0.2.128/26"]), // touching, not siblings
            (&["10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"], &["10.0.0.0/8"]),
            (&["0.0.0.0/1", "128.0.0.0/1"], &["0.0.0.0/0"]),
            (&["::/1", "8000::/1", "192.0.2.1/32"], &["192.0.2.1/32", "::/0"]),
            (&["255.255.255.255/32", "255.255.255.254/32"], &["255.255.255.254/31"]),
            (&["2001:db8::/33", "2001:db8:8000::/33", "::ffff:192.0.2.1/128"], &["::ffff:192.0.2.1/128", "2001:db8::/32"]),
        ];
        for (given, expected) in facts {
            assert_eq!(texts(&cover(networks(given))), expected, "{given:?}");
        }
    }

    #[test]
    fn a_range_is_cut_at_its_alignments() {
        let range = |first: &str, last: &str| texts(&of_range(first.parse().unwrap(), last.parse().unwrap()));
        assert_eq!(range("192.0.2.1", "192.0.2.4"), ["192.0.2.1/32", "192.0.2.2/31", "192.0.2.4/32"]);
        assert_eq!(range("0.0.0.0", "255.255.255.255"), ["0.0.0.0/0"]);
        assert_eq!(range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ["::/0"]);
        assert_eq!(range("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").len(), 128);
        assert_eq!(range("0.0.0.1", "255.255.255.254").len(), 62);
        assert!(range("192.0.2.2", "192.0.2.1").is_empty());
        assert!(range("192.0.2.2", "::1").is_empty());
    }

    #[test]
    fn holes_are_cut_out() {
        let left = |given: &[&str], holes: &[&str]| texts(&difference(networks(given), networks(holes)));
        assert_eq!(left(&["192.0.2.0/24"], &["192.0.2.0/25"]), ["192.0.2.128/25"]);
        assert_eq!(left(&["192.0.2.0/30"], &["192.0.2.1/32"]), ["192.0.2.0/32", "192.0.2.2/31"]);
        assert_eq!(left(&["192.0.2.0/24", "198.51.100.0/24"], &["192.0.0.0/2"]), [""; 0]);
        assert_eq!(left(&["0.0.0.0/0"], &["128.0.0.0/1", "::/0"]), ["0.0.0.0/1"]);
        assert_eq!(left(&["::/0"], &["::/1"]), ["8000::/1"]);
    }

    #[test]
    fn outermost_networks_stay_as_they_are() {
        let given =
            networks(&["10.0.1.0/24", "10.0.0.0/24", "10.0.0.0/24", "10.0.0.128/25", "::/1", "::1/128"]);
        assert_eq!(texts(&outermost(given)), ["10.0.0.0/24", "10.0.1.0/24", "::/1"]);
    }

    #[test]
    fn addresses_are_counted_up_to_the_largest_number() {
        assert_eq!(addresses(&networks(&["192.0.2.0/24", "2001:db8::/126"])), 260);
        assert_eq!(addresses(&networks(&["::/0"])), u128::MAX);
    }

    /// Networks within 10.0.0.0/24, so that a set of addresses can be held against the result.
    fn few_v4() -> impl Strategy<Value = Vec<Network>> {
        let one = (any::<u8>(), 24..=32_u8)
            .prop_map(|(host, len)| Network::new(Ipv4Addr::new(10, 0, 0, host).into(), len));
        prop::collection::vec(one, 0..40)
    }

    /// The same shape at the far end of IPv6.
    fn few_v6() -> impl Strategy<Value = Vec<Network>> {
        let one = (any::<u8>(), 120..=128_u8).prop_map(|(host, len)| {
            Network::new(Ipv6Addr::from_bits(u128::MAX - u128::from(host)).into(), len)
        });
        prop::collection::vec(one, 0..40)
    }

    fn any_networks() -> impl Strategy<Value = Vec<Network>> {
        let v4 = (any::<u32>(), 0..=32_u8)
            .prop_map(|(bits, len)| Network::new(Ipv4Addr::from_bits(bits).into(), len));
        let v6 = (any::<u128>(), 0..=128_u8)
            .prop_map(|(bits, len)| Network::new(Ipv6Addr::from_bits(bits).into(), len));
        prop::collection::vec(prop_oneof![v4, v6], 0..200)
    }

    fn members(networks: &[Network]) -> BTreeSet<IpAddr> {
        let of = |network: &Network| {
            let (first, last) = range_of(network);
            let family = if network.is_ipv6() { V6 } else { V4 };
            (0..=last - first).map(move |n| address(first + n, family))
        };
        networks.iter().flat_map(of).collect()
    }

    /// The block twice as large around a network.
    fn parent(network: &Network) -> Option<Network> {
        let len = network.prefix_len().checked_sub(1)?;
        Some(Network::new(network.address(), len))
    }

    fn is_minimal_and_sorted(covered: &[Network]) -> bool {
        let apart = |pair: &[Network]| pair[0] < pair[1] && !pair[0].contains(pair[1].address());
        let siblings = |pair: &[Network]| {
            pair[0].prefix_len() == pair[1].prefix_len()
                && parent(&pair[0]).is_some_and(|up| Some(up) == parent(&pair[1]))
        };
        covered.windows(2).all(|pair| apart(pair) && !siblings(pair))
    }

    proptest! {
        #[test]
        fn the_cover_holds_the_same_addresses_and_no_other(v4 in few_v4(), v6 in few_v6()) {
            let given: Vec<Network> = v4.into_iter().chain(v6).collect();
            prop_assert_eq!(members(&cover(given.iter().copied())), members(&given));
        }

        #[test]
        fn the_cover_is_minimal_sorted_and_its_own_cover(given in any_networks()) {
            let covered = cover(given.iter().copied());
            prop_assert!(is_minimal_and_sorted(&covered), "{:?}", covered);
            prop_assert_eq!(cover(covered.iter().copied()), covered);
        }

        #[test]
        fn the_cover_agrees_with_each_network_at_its_edges(given in any_networks(), probe in any::<u128>()) {
            let covered = cover(given.iter().copied());
            let holds = |list: &[Network], address: IpAddr| list.iter().any(|network| network.contains(address));
            for network in &given {
                let (first, last) = range_of(network);
                let family = if network.is_ipv6() { V6 } else { V4 };
                let top = ones(u32::from(family));
                for at in [first, last, first.saturating_sub(1), last.saturating_add(1).min(top), probe & top] {
                    let at = address(at, family);
                    prop_assert_eq!(holds(&covered, at), holds(&given, at), "{}", at);
                }
            }
        }

        #[test]
        fn a_difference_holds_what_only_the_first_has(v4 in few_v4(), v6 in few_v6(), h4 in few_v4(), h6 in few_v6()) {
            let given: Vec<Network> = v4.into_iter().chain(v6).collect();
            let holes: Vec<Network> = h4.into_iter().take(8).chain(h6.into_iter().take(8)).collect();
            let left = difference(given.iter().copied(), holes.iter().copied());
            let expected: BTreeSet<IpAddr> = members(&given).difference(&members(&holes)).copied().collect();
            prop_assert_eq!(members(&left), expected);
            prop_assert!(is_minimal_and_sorted(&left), "{:?}", left);
        }

        #[test]
        fn cutting_out_leaves_whole_what_has_no_hole(v4 in few_v4(), v6 in few_v6(), h4 in few_v4(), h6 in few_v6()) {
            let given: Vec<Network> = v4.into_iter().chain(v6).collect();
            let holes: Vec<Network> = h4.into_iter().take(3).chain(h6.into_iter().take(3)).collect();
            let left = cut_out(given.iter().copied(), &holes);
            prop_assert_eq!(cover(left.iter().copied()), difference(given.iter().copied(), holes.iter().copied()));
            let holed = |network: &Network| members(&[*network]).intersection(&members(&holes)).next().is_some();
            for network in given.iter().filter(|network| !holed(network)) {
                prop_assert!(left.contains(network), "{}", network);
            }
        }

        #[test]
        fn outermost_networks_hold_the_same_addresses(given in any_networks()) {
            let outer = outermost(given.iter().copied());
            prop_assert!(outer.windows(2).all(|pair| !pair[0].contains(pair[1].address())));
            prop_assert!(outer.iter().all(|network| given.contains(network)));
            prop_assert_eq!(cover(outer), cover(given));
        }

        #[test]
        fn a_range_is_covered_exactly(a in any::<u128>(), b in any::<u128>(), v6 in any::<bool>()) {
            let family = if v6 { V6 } else { V4 };
            let (a, b) = (a & ones(u32::from(family)), b & ones(u32::from(family)));
            let (first, last) = (a.min(b), a.max(b));
            let covered = of_range(address(first, family), address(last, family));
            prop_assert_eq!(joined(covered.iter().map(range_of).collect()), vec![(first, last)]);
            prop_assert!(is_minimal_and_sorted(&covered));
            prop_assert_eq!(cover(covered.iter().copied()), covered);
        }
    }
}

//! Whose turn it is where not all alerts can be taken: of each rule the first, then of each the next, and so on. A rule that
//! speaks of thousands so takes no other's place, whatever its severity.

/// The numbers of alerts in their turn; of a rule those with the least keys come first.
pub fn in_turn<K: Ord>(mut alerts: Vec<(&'static str, K, u64)>) -> Vec<u64> {
    alerts.sort_unstable();
    let (mut turn, mut before) = (0, "");
    let mut turns: Vec<(usize, u64)> = Vec::with_capacity(alerts.len());
    for (rule, _, number) in alerts {
        turn = if rule == before { turn + 1 } else { 0 };
        before = rule;
        turns.push((turn, number));
    }
    turns.sort_unstable();
    turns.into_iter().map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::in_turn;

    #[test]
    fn each_rule_has_its_turn() {
        let alerts = vec![("a", 3, 1), ("a", 2, 2), ("b", 9, 3), ("a", 1, 4), ("c", 1, 5)];
        assert_eq!(in_turn(alerts), [3, 4, 5, 2, 1]);
    }
}

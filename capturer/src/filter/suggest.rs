//! "Did you mean …": the known word nearest to a typo by optimal string alignment distance (one edit is an
//! insertion, a deletion, a substitution or two neighbours swapped).

/// Words longer than this are no typos of ours.
const LONGEST: usize = 32;

/// The candidate nearest to `word`, when it is near enough to be a typo.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    if word.len() > LONGEST {
        return None;
    }
    let length = word.chars().count();
    let allowed = match length {
        0..=1 => 0,
        2..=4 => 1,
        _ => 2,
    };
    candidates
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(edits, candidate)| *edits <= allowed && *edits < candidate.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut edits = (last[j - 1] + usize::from(!same)).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                edits = edits.min(before[j - 2] + 1);
            }
            row.push(edits);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_find_their_word_and_strangers_find_none() {
        let words = ["port", "portrange", "host", "country", "proto"];
        let suggest = |word| nearest(word, words.iter().copied());
        assert_eq!(suggest("prot"), Some("port"));
        assert_eq!(suggest("hsot"), Some("host"));
        assert_eq!(suggest("contry"), Some("country"));
        assert_eq!(suggest("PORT"), Some("port"));
        assert_eq!(suggest("banana"), None);
        assert_eq!(suggest("x"), None);
    }
}

//! Settings files as chance has them (RELIABILITY: settings_prop): whatever stands in one, it is read or refused; a refusal names file and
//! line, of a number its key, value and range; what is taken is written so that it is read as the same.

use proptest::prelude::*;

use super::layers::tests::file;
use super::ranges::Number;
use super::{SHIPPED, Settings};

/// Values that are good or bad somewhere, and some that are no TOML.
const EDGES: &[&str] = &[
    "0",
    "1",
    "-1",
    "4",
    "64",
    "1024",
    "65535",
    "65536",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "1e300",
    "nan",
    "-inf",
    "true",
    "\"\"",
    "[]",
    "[\"\"]",
    "{}",
    "\"demo\"",
    "\"files\"",
    "\"none\"",
    "\"auto\"",
    "\"json\"",
    "\"127.0.0.1:0\"",
    "\"0.0.0.0:99999\"",
    "[\"10.0.0.0/8\"]",
    "[\"10.0.0.0/33\"]",
    "1979-05-27T07:32:00Z",
    "\"\\u0000\"",
    "\"unfinished",
    "[1, [2, {a = 3}]]",
];

/// The keys that are shipped, with their tables: `ring`, `packets`.
fn keys() -> Vec<(String, String)> {
    let mut table = String::new();
    let mut keys = Vec::new();
    for line in SHIPPED.lines() {
        if let Some(header) = line.strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut table);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            keys.push((table.clone(), key.to_owned()));
        }
    }
    keys
}

fn numbers() -> Vec<Number> {
    Settings::default().numbers().into_iter().collect()
}

/// The shipped file with another value of a key, and the line that it stands in.
fn shipped_with(key: &str, value: i64) -> (String, usize) {
    let (table, leaf) = key.rsplit_once('.').unwrap();
    let (mut within, mut at) = ("", 0);
    let mut text = String::new();
    for (number, line) in SHIPPED.lines().enumerate() {
        if let Some(header) = line.strip_prefix('[') {
            within = header.trim_end_matches(']');
        }
        if within == table && line.split_once(" = ").is_some_and(|(name, _)| name == leaf) {
            at = number + 1;
            text += &format!("{leaf} = {value}\n");
        } else {
            text += &format!("{line}\n");
        }
    }
    assert!(at > 0, "{key} is shipped");
    (text, at)
}

/// A value of any kind, good or broken.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(EDGES).prop_map(str::to_owned),
        2 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| number.to_string()),
        2 => any::<String>().prop_map(|text| toml::Value::String(text).to_string()),
        1 => "[ -~]{0,12}",
    ]
}

/// Lines under their tables, some of names that nobody knows.
fn lines() -> impl Strategy<Value = String> {
    let unknown = ("[a-z_.]{1,8}", "[a-z_\" ]{1,8}");
    let name = prop_oneof![9 => prop::sample::select(keys()), 1 => unknown];
    let line = (name, value()).prop_map(|((table, key), value)| format!("[{table}]\n{key} = {value}\n"));
    prop::collection::vec(line, 1..4).prop_map(|lines| lines.concat())
}

/// What holds of any text.
fn is_taken_or_refused(text: &str) {
    match file(text) {
        Ok(settings) => {
            let written = toml::to_string(&settings).unwrap();
            assert_eq!(file(&written).as_ref(), Ok(&settings), "{text}\nwritten as\n{written}");
        }
        Err(error) => {
            assert!(error.starts_with("settings: ") && error.contains("test.toml"), "{text}: {error}");
            let behind = error.split("line ").nth(1).unwrap_or_default();
            let line = behind.split(|c: char| !c.is_ascii_digit()).next().and_then(|line| line.parse().ok());
            let is_line = |line| (1..=text.lines().count() + 1).contains(&line);
            assert!(line.is_some_and(is_line), "{text}: {error}");
            assert!(!error.contains(char::is_control), "{text}: {error:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn settings_prop_any_lines_are_taken_or_refused_by_their_line(text in lines()) {
        is_taken_or_refused(&text);
    }

    #[test]
    fn settings_prop_any_text_is_taken_or_refused_by_its_line(text in any::<String>()) {
        is_taken_or_refused(&text);
    }

    #[test]
    fn settings_prop_a_number_is_held_to_its_range(
        which in 0..numbers().len(), near in -3i64..4, wide in 0i64..1 << 32, edge in 0..3,
    ) {
        let Number { key, least, most, allowed, .. } = &numbers()[which];
        let number = match edge {
            0 => *least as i64 + near,
            1 => *most as i64 + near,
            _ => wide,
        };
        let (text, line) = shipped_with(key, number);
        let told = file(&text);
        if (*least as i64..=*most as i64).contains(&number) {
            prop_assert!(told.is_ok(), "{told:?}");
            is_taken_or_refused(&text);
        } else {
            let error = told.unwrap_err();
            let expected =
                format!("settings: {key} = {number} is not allowed: {allowed} (set by test.toml, line {line})");
            // What no counter can hold is refused by the reader, which has the line, too.
            let beyond = error.contains(&format!("line {line}, ")) && error.contains("invalid value");
            prop_assert!(error == expected || beyond, "{error}\n{expected}");
        }
    }

    #[test]
    fn settings_prop_good_numbers_are_taken_together(
        shares in prop::collection::vec(0.0..=1.0f64, numbers().len()),
    ) {
        let mut text = String::new();
        for (Number { key, least, most, .. }, share) in numbers().iter().zip(&shares) {
            let number = least + ((most - least) as f64 * share) as usize;
            text += &format!("{key} = {number}\n");
        }
        prop_assert!(file(&text).is_ok(), "{:?}", file(&text));
        is_taken_or_refused(&text);
    }
}

//! A file of users and tokens as the first program wrote it (visualizer/tests/upgrade/users-1.toml). Who changes what is stored makes this fail:
//! the file of today becomes a second one, and both are to be read.

use std::path::PathBuf;

use super::accounts::{Accounts, Role, write_private};
use super::digest::Digest;
use super::password::fits;

const FIRST: &str = include_str!("../../tests/upgrade/users-1.toml");
const PASSWORD: &str = "correct horse battery";
const TOKEN: &str = "wg_6bec22898295af455bc0f48b5a592921b78d755b8f896ddb5abdb3d8bbb9b3c1";

fn written(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("wireglobe-users-{}-{name}.toml", std::process::id()));
    write_private(&path, text.as_bytes()).unwrap();
    path
}

#[test]
fn users_and_tokens_of_the_first_version_still_come_in() {
    let path = written("first", FIRST);
    let accounts = Accounts::read(&path).unwrap();
    let anna = accounts.user("anna").unwrap();
    assert_eq!(anna.role, Role::Operator);
    assert!(fits(PASSWORD, Some(&anna.password)) && !fits("another password", Some(&anna.password)));
    let token = accounts.token(&Digest::of(TOKEN.as_bytes())).unwrap();
    assert_eq!((token.name.as_str(), token.role), ("grafana", Role::Viewer));
    // Written anew without a change it is the same file.
    accounts.write(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), FIRST);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn users_of_a_newer_program_are_refused_untouched_and_without_what_they_hide() {
    let newer = [
        (
            "key",
            FIRST.replacen("role = \"operator\"", "role = \"operator\"\nsecond = \"factor\"", 1),
            "line 6: unknown field `second`",
        ),
        ("role", FIRST.replacen("\"viewer\"", "\"auditor\"", 1), "line 10: unknown variant `auditor`"),
        ("table", format!("{FIRST}\n[[group]]\nname = \"night\"\n"), "line 13: unknown field `group`"),
    ];
    for (name, text, expected) in newer {
        let path = written(name, &text);
        let error = Accounts::read(&path).unwrap_err();
        let says = [&*path.display().to_string(), expected, "written by a newer Wireglobe?"];
        says.iter().for_each(|part| assert!(error.contains(part), "{part}: {error}"));
        assert!(!error.contains("argon2id") && !error.contains("53dc107a"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::remove_file(path).unwrap();
    }
}

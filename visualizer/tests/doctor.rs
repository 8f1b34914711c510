//! `wireglobe doctor` in real conditions: all well, a port that is taken, a folder that can't be written, an interface that isn't there.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::net::TcpListener;

use common::{Server, TempFile, json};
use serde_json::Value;

/// Exit code and findings of these settings.
fn doctor(settings: &str) -> (i32, Vec<Value>) {
    let settings = TempFile::new("settings.toml", settings.as_bytes());
    let output = common::wireglobe()
        .env_remove("WIREGLOBE__ALERTS__KEEP")
        .env_remove("WIREGLOBE__HISTORY__KEEP")
        .args(["doctor", "--json", "--settings", settings.path()])
        .output()
        .unwrap();
    let document = json(&output);
    let code = output.status.code().unwrap();
    assert_eq!(document["ok"], code == 0, "{document}");
    (code, document["checks"].as_array().unwrap().clone())
}

/// A port that is free.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The one problem there is, with its finding and its mend.
fn problem(settings: &str) -> (String, String, String) {
    let (code, checks) = doctor(settings);
    assert_eq!(code, 1, "{checks:?}");
    let problems: Vec<&Value> = checks.iter().filter(|check| check["state"] == "problem").collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let text = |key: &str| problems[0][key].as_str().unwrap().to_owned();
    (text("check"), text("finding"), text("mend"))
}

#[test]
fn settings_that_work_are_well_and_every_check_is_told() {
    let (code, checks) = doctor(&format!("[server]\nlisten = \"{}\"\n", free()));
    assert_eq!(code, 0, "{checks:?}");
    for name in
        ["settings", "permission", "interface", "clock", "databases", "disk", "port", "access", "crashes"]
    {
        assert!(checks.iter().any(|check| check["check"] == name), "{name}: {checks:?}");
    }
    for check in &checks {
        assert_eq!(check["mend"].is_null(), check["state"] == "ok", "{check}");
    }
}

#[test]
fn a_port_that_another_program_has_is_a_problem_and_one_of_a_wireglobe_is_none() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (check, finding, mend) =
        problem(&format!("[server]\nlisten = \"{}\"\n", taken.local_addr().unwrap()));
    assert_eq!(check, "port");
    assert!(finding.contains("another program") && mend.contains("ss -ltnup"), "{finding}: {mend}");
    let server = Server::start(&[]);
    let (code, checks) = doctor(&format!("[server]\nlisten = \"{}\"\n", server.address));
    assert_eq!(code, 0, "{checks:?}");
    assert!(
        checks.iter().any(|check| check["finding"].as_str().unwrap().contains("a Wireglobe answers")),
        "{checks:?}"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_a_problem() {
    let file = TempFile::new("file", b"");
    for folder in ["/proc/none".to_owned(), format!("{}/below", file.path())] {
        let (check, finding, mend) = problem(&format!(
            "[server]\nlisten = \"{}\"\n[source]\nkind = \"files\"\nread = [\"x.pcap\"]\n[alerts]\nfolder = \"{folder}\"\n[history]\nkeep = false\n",
            free()
        ));
        assert_eq!(check, "disk");
        assert!(finding.contains(&folder) && mend.contains("alerts.folder"), "{finding}: {mend}");
    }
}

#[test]
fn an_interface_that_is_not_there_is_a_problem() {
    let (_, checks) = doctor(&format!(
        "[server]\nlisten = \"{}\"\n[source]\nkind = \"interface\"\ninterface = \"wg-none0\"\n",
        free()
    ));
    let found = checks.iter().find(|check| check["check"] == "interface").unwrap();
    assert_eq!(found["state"], "problem", "{found}");
    assert!(found["finding"].as_str().unwrap().contains("wg-none0"), "{found}");
    assert!(found["mend"].as_str().unwrap().contains("lo"), "{found}");
}

#[test]
fn settings_that_are_wrong_and_nobody_who_could_log_in_are_problems() {
    let (check, finding, _) = problem("[server]\nlistn = 1\n[log]\n");
    assert_eq!(check, "settings");
    assert!(finding.contains("listn"), "{finding}");
    let none = TempFile::folder("users.toml");
    let (check, _, mend) = problem(&format!(
        "[server]\nlisten = \"{}\"\nlogin = \"always\"\nusers = \"{}\"\n",
        free(),
        none.path()
    ));
    assert_eq!(check, "access");
    assert!(mend.contains("wireglobe user add"), "{mend}");
}

#[test]
fn a_crash_report_is_told() {
    let folder = TempFile::folder("alerts");
    fs::create_dir(&folder.0).unwrap();
    let settings = format!(
        "[source]\nkind = \"interface\"\ninterface = \"lo\"\n[alerts]\nkeep = true\nfolder = \"{}\"\n",
        folder.path()
    );
    let told = || {
        let (_, checks) = doctor(&settings);
        checks.into_iter().find(|check| check["check"] == "crashes").unwrap()
    };
    assert_eq!(told()["state"], "ok");
    fs::write(folder.0.join("crash-20260101T000000.000000Z-analysis.txt"), "").unwrap();
    let found = told();
    assert_eq!(found["state"], "warning");
    assert!(
        found["finding"].as_str().unwrap().contains("crash-20260101T000000.000000Z-analysis.txt"),
        "{found}"
    );
}

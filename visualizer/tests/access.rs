//! Who may ask a running server what: users, tokens, roles, sessions, encryption, and what is refused.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Output, Stdio};

use common::{Server, TempFile, run, stderr, wireglobe};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const PASSWORD: &str = "correct horse battery";

/// A file of users with a viewer and an operator, of each a person and a program.
struct Users {
    file: TempFile,
    viewer: String,
    operator: String,
}

impl Users {
    fn new() -> Self {
        let file = TempFile::folder("users.toml");
        for (name, role) in [("vera", "viewer"), ("otto", "operator")] {
            let added = command(&file, &["user", "add", name, "--role", role], PASSWORD);
            assert!(added.status.success(), "{}", stderr(&added));
        }
        let token = |role| {
            let made = command(&file, &["token", "add", &format!("{role}-program"), "--role", role], "");
            String::from_utf8(made.stdout).unwrap().trim().to_owned()
        };
        let [viewer, operator] = ["viewer", "operator"].map(token);
        Self { file, viewer, operator }
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [("WIREGLOBE__SERVER__LOGIN", "always"), ("WIREGLOBE__SERVER__USERS", self.file.path())]
    }

    fn serve(&self) -> Server {
        Server::start_with(&[], &self.variables())
    }
}

/// A command that writes or reads the file of users; `input` is its standard input.
fn command(file: &TempFile, arguments: &[&str], input: &str) -> Output {
    let mut command = wireglobe();
    command.args(arguments).env("WIREGLOBE__SERVER__USERS", file.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that reads none may be over by now.
    let _ = child.stdin.take().unwrap().write_all(format!("{input}\n").as_bytes());
    child.wait_with_output().unwrap()
}

/// Status, head and body of an answer.
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

fn ask(server: &Server, (method, path): (&str, &str), headers: &str, body: &str) -> Answer {
    let text = server.raw(&format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{headers}\r\n{body}",
        server.address,
        body.len(),
    ));
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer with a head");
    Answer { status, head: head.to_owned(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn log_in(server: &Server, name: &str, password: &str) -> Answer {
    let body = serde_json::json!({"name": name, "password": password}).to_string();
    ask(server, ("POST", "/api/v1/login"), "", &body)
}

/// The header that shows the session of an answer.
fn cookie(answer: &Answer) -> String {
    let line = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    format!("Cookie: {}\r\n", line.split(';').next().unwrap())
}

fn session(server: &Server, headers: &str) -> Value {
    ask(server, ("GET", "/api/v1/session"), headers, "").body
}

/// Every path of the API's document, with every method it has: nobody gets in, a viewer changes nothing.
#[test]
fn every_route_needs_a_login_and_every_change_an_operator() {
    let users = Users::new();
    let server = users.serve();
    let operator = bearer(&users.operator);
    let document = ask(&server, ("GET", "/api/v1/openapi.json"), &operator, "").body;
    let open = ["/api/v1/session", "/api/v1/login", "/healthz", "/readyz"];
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let concrete = path.replace("{id}", "7").replace("{action}", "reopen").replace("{name}", "none");
        let concrete =
            concrete.replace("{address}", "192.0.2.9").replace("{frame}", "1").replace("{topic}", "kpi");
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            if open.contains(&path.as_str()) {
                continue;
            }
            let of = |headers: &str| ask(&server, (&method, &concrete), headers, "").status;
            assert_eq!(of(""), 401, "{method} {path} of nobody");
            assert_eq!(of(&bearer("wg_guessed")), 401, "{method} {path} of a wrong token");
            assert_eq!(of("Cookie: wireglobe=guessed\r\n"), 401, "{method} {path} of a wrong cookie");
            let changes = method != "GET" && path != "/api/v1/logout";
            assert_eq!(of(&bearer(&users.viewer)) == 403, changes, "{method} {path} of a viewer");
            assert!(![401, 403].contains(&of(&operator)), "{method} {path} of an operator");
            asked += 1;
        }
    }
    assert!(asked > 25, "{asked} questions");
    for path in ["/", "/alerts", "/healthz", "/readyz", "/api/v1/session"] {
        assert_eq!(server.get(path).0, 200, "{path} tells nothing of the traffic");
    }
}

/// Each change, asked for by pages of other sites with an operator's cookie: none happens.
#[test]
fn no_other_sites_page_changes_anything() {
    let users = Users::new();
    let server = users.serve();
    let cookie = cookie(&log_in(&server, "otto", PASSWORD));
    let document = ask(&server, ("GET", "/api/v1/openapi.json"), &cookie, "").body;
    let port = server.address.rsplit(':').next().unwrap();
    let own = format!("http://{}", server.address);
    let foreign = [
        "null",
        "http://evil.test",
        &format!("http://evil.test:{port}"),
        &format!("http://localhost:{port}"),
        &format!("{own}.evil.test"),
        &format!("{own}/"),
        "http://127.0.0.1",
        &format!("ws://{}", server.address),
        "",
    ];
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let concrete = path.replace("{id}", "7").replace("{action}", "reopen").replace("{name}", "none");
        for method in methods.as_object().unwrap().keys().filter(|method| *method != "get") {
            let method = method.to_uppercase();
            let of = |origin: &str| {
                ask(&server, (&method, &concrete), &format!("{cookie}Origin: {origin}\r\n"), "").status
            };
            for origin in foreign {
                assert_eq!(of(origin), 403, "{method} {path} from {origin:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 60, "{asked} questions");
    assert_eq!(session(&server, &cookie)["name"], "otto", "nobody was logged out");
    let mine = format!("{cookie}Origin: {own}\r\n");
    assert_eq!(ask(&server, ("POST", "/api/v1/geo/reload"), &mine, "").status, 200);
}

/// Paths that would lead to a file of the machine, if any were made of them.
#[test]
fn no_path_leads_out_of_the_page() {
    let users = Users::new();
    let server = users.serve();
    let ups =
        ["..", "%2e%2e", "%2E.", "..%00", "....", "..;", "%252e%252e", "..%c0%af", ".%2e", "%c0%ae%c0%ae"];
    let slashes = ["/", "%2f", "//", "\\", "%5c"];
    let files = [
        "etc/passwd",
        "etc/passwd%00.css",
        "proc/self/environ",
        "users.toml",
        "etc/passwd/assets/app.css",
        "Cargo.toml",
    ];
    let mut asked = 0;
    for up in ups {
        for slash in slashes {
            for file in files {
                let path = format!("/assets/{}{file}", format!("{up}{slash}").repeat(6));
                let answer = server.raw(&format!(
                    "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                    server.address
                ));
                let status = answer.split(' ').nth(1).unwrap_or_default();
                assert!(["400", "404"].contains(&status), "{path}: {answer}");
                assert!(!answer.contains("root:") && !answer.contains("argon2"), "{path}");
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 300);
}

#[test]
fn who_logs_in_gets_a_session_that_ends_with_logout() {
    let users = Users::new();
    let server = users.serve();
    assert_eq!(session(&server, "")["role"], Value::Null);
    for (name, password) in [("otto", "wrong"), ("nobody", PASSWORD), ("", ""), ("operator-program", "")] {
        let refused = log_in(&server, name, password);
        assert_eq!(refused.status, 401, "{name}");
        assert_eq!(refused.body["error"]["message"], "the name or the password is wrong");
    }
    let answer = log_in(&server, "otto", PASSWORD);
    assert_eq!((answer.status, &answer.body["role"]), (200, &Value::from("operator")));
    let set = answer.head.lines().find(|line| line.starts_with("set-cookie")).unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict") && set.contains("; Path=/"), "{set}");
    let cookie = cookie(&answer);
    assert_eq!(session(&server, &cookie)["name"], "otto");
    assert_eq!(ask(&server, ("GET", "/api/v1/status"), &cookie, "").status, 200);
    let foreign = format!("{cookie}Origin: http://evil.test\r\n");
    assert_eq!(ask(&server, ("POST", "/api/v1/geo/reload"), &foreign, "").status, 403, "another site's page");
    assert_eq!(ask(&server, ("POST", "/api/v1/logout"), &foreign, "").status, 403, "another site's page");
    assert_eq!(ask(&server, ("POST", "/api/v1/logout"), &cookie, "").status, 204);
    assert_eq!(ask(&server, ("GET", "/api/v1/status"), &cookie, "").status, 401);
}

#[test]
fn guessing_is_slowed_down_and_no_secret_is_logged() {
    let users = Users::new();
    let mut server = users.serve();
    let answers: Vec<Answer> = (0..12).map(|n| log_in(&server, "otto", &format!("guess-{n}"))).collect();
    let refused = answers.iter().find(|answer| answer.status == 429).expect("too many");
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    assert_eq!(log_in(&server, "otto", PASSWORD).status, 429, "the right one has to wait, too");
    let log = server.child.stderr.take().unwrap();
    server.kill();
    let log: Vec<String> = BufReader::new(log).lines().map(Result::unwrap).collect();
    assert!(log.iter().any(|line| line.contains("login failed") && line.contains("otto")), "{log:?}");
    assert!(log.iter().any(|line| line.contains("tried too often")), "{log:?}");
    assert!(!log.iter().any(|line| line.contains("guess-") || line.contains(PASSWORD)), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_needs_a_session_and_closes_with_it() {
    let users = Users::new();
    let server = users.serve();
    let connect = async |cookie: Option<&str>| {
        let mut request = format!("ws://{}/api/v1/ws", server.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "wireglobe.v1".parse().unwrap());
        if let Some(cookie) = cookie {
            let value = cookie.trim_start_matches("Cookie: ").trim();
            request.headers_mut().insert("cookie", value.parse().unwrap());
        }
        connect_async(request).await
    };
    assert!(matches!(connect(None).await,
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) if answer.status() == 401));
    let cookie = cookie(&log_in(&server, "vera", PASSWORD));
    let (mut socket, _) = connect(Some(&cookie)).await.expect("a viewer may look");
    socket.send(Message::text(r#"{"type":"hello","v":1}"#)).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_text());
    ask(&server, ("POST", "/api/v1/logout"), &cookie, "");
    let closed = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                Some(Ok(_)) => {}
                _ => return 0,
            }
        }
    };
    let code = tokio::time::timeout(std::time::Duration::from_secs(30), closed).await.expect("it closes");
    assert_eq!(code, 4401);
}

#[test]
fn who_is_removed_or_gets_another_password_is_out() {
    let users = Users::new();
    let server = users.serve();
    let (vera, otto) =
        (cookie(&log_in(&server, "vera", PASSWORD)), cookie(&log_in(&server, "otto", PASSWORD)));
    let program = bearer(&users.viewer);
    assert!(command(&users.file, &["user", "remove", "vera"], "").status.success());
    assert!(command(&users.file, &["user", "password", "otto"], "another one entirely").status.success());
    assert!(command(&users.file, &["token", "remove", "viewer-program"], "").status.success());
    for shown in [vera, otto, program] {
        let began = std::time::Instant::now();
        while ask(&server, ("GET", "/api/v1/status"), &shown, "").status != 401 {
            assert!(began.elapsed().as_secs() < 30, "{shown} is still let in");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
    assert_eq!(log_in(&server, "otto", "another one entirely").status, 200);
}

#[test]
fn users_are_made_from_standard_input_and_told_without_secrets() {
    let users = Users::new();
    let again = command(&users.file, &["user", "add", "vera", "--role", "operator"], PASSWORD);
    assert!(stderr(&again).contains("vera is there already"), "{}", stderr(&again));
    let short = command(&users.file, &["user", "add", "kim", "--role", "viewer"], "short");
    assert!(stderr(&short).contains("at least 8 characters"), "{}", stderr(&short));
    let listed = command(&users.file, &["user", "list", "--format", "csv"], "");
    assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 3);
    let file = std::fs::read_to_string(&users.file.0).unwrap();
    assert!(!file.contains(PASSWORD) && !file.contains(&users.viewer), "hashes only");
}

#[test]
fn nobody_listens_to_the_world_where_nobody_could_log_in() {
    let file = TempFile::folder("users.toml");
    let refused = wireglobe()
        .args(["run", "--listen", "0.0.0.0:0"])
        .env("WIREGLOBE__SERVER__USERS", file.path())
        .output()
        .unwrap();
    let error = stderr(&refused);
    assert_eq!(refused.status.code(), Some(2), "{error}");
    for word in ["server.listen = 0.0.0.0:0", "wireglobe user add NAME --role operator", file.path()] {
        assert!(error.contains(word), "{error}");
    }
}

/// A server at every address of the machine, and where it is.
struct Encrypted(Child, String);

impl Encrypted {
    fn start(users: &Users) -> Self {
        let mut command = wireglobe();
        command.args(["run", "--listen", "0.0.0.0:0"]).env("WIREGLOBE__SERVER__USERS", users.file.path());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split("https://0.0.0.0:").nth(1).and_then(|rest| rest.split('/').next());
        let port = port.unwrap_or_else(|| panic!("no encrypted address: {line}")).to_owned();
        Self(child, port)
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn the_command_line_asks_an_encrypted_server_with_a_token() {
    let users = Users::new();
    let server = Encrypted::start(&users);
    let token = TempFile::new("token", users.viewer.as_bytes());
    std::fs::set_permissions(&token.0, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let certificate = users.file.0.with_file_name("certificate.pem");
    let base = format!("https://127.0.0.1:{}", server.1);
    let list =
        |more: &[&str]| run(&[&["alerts", "list", "--server", &base, "--format", "json"], more].concat());
    let trusted = ["--ca-file", certificate.to_str().unwrap()];
    let shown = list(&[&trusted[..], &["--token-file", token.path()]].concat());
    assert!(shown.status.success(), "{}", stderr(&shown));
    assert!(stderr(&list(&trusted)).contains("--token-file FILE"), "{}", stderr(&list(&trusted)));
    assert!(!list(&["--token-file", token.path()]).status.success(), "nobody vouches for it");
    let plain = std::net::TcpStream::connect(format!("127.0.0.1:{}", server.1)).unwrap();
    (&plain).write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(plain).read_line(&mut line).unwrap();
    assert!(line.contains("400"), "{line}");
}

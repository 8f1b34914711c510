//! Against servers of our own on loopback: hostile names, doors that stay shut, and that nothing is asked unasked.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::pace::Pace;
use super::resolver::{A, AAAA, NoAnswer, PTR, Resolver};
use super::web::{Failed, Web};
use super::*;

/// A name server that answers each question as `answer` says: (question in DNS form, type) to records.
struct Stub {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

type Records = Vec<(u16, Vec<u8>)>;

impl Stub {
    fn start(answer: impl Fn(&[u8], u16) -> Records + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                counter.fetch_add(1, Relaxed);
                let question = &buffer[12..length];
                let kind = u16::from_be_bytes([question[question.len() - 4], question[question.len() - 3]]);
                let records = answer(&question[..question.len() - 4], kind);
                // Somebody's answer to another question comes first.
                let mut other = reply(&buffer[..2], question, &records);
                other[0] ^= 1;
                socket.send_to(&other, from).unwrap();
                socket.send_to(&reply(&buffer[..2], question, &records), from).unwrap();
            }
        });
        Self { address, asked }
    }

    fn resolver(&self) -> Resolver {
        Resolver::new(Some(&self.address.to_string())).unwrap()
    }
}

fn reply(id: &[u8], question: &[u8], records: &Records) -> Vec<u8> {
    let mut bytes = id.to_vec();
    let code = if records.is_empty() { 0x83 } else { 0x80 };
    bytes.extend([0x81, code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    bytes.extend(question);
    for (kind, data) in records {
        bytes.extend([0xc0, 12]);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 60]);
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data);
    }
    bytes
}

fn wire(labels: &[&[u8]]) -> Vec<u8> {
    let mut bytes: Vec<u8> = labels
        .iter()
        .flat_map(|label| std::iter::once(label.len() as u8).chain(label.iter().copied()))
        .collect();
    bytes.push(0);
    bytes
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn the_name_of_an_address_is_found_whoever_else_answers() {
    let stub = Stub::start(|_, _| vec![(PTR, wire(&[b"Host-1", b"example", b"org"]))]);
    let found = reverse::names(&stub.resolver(), &[address("145.7.7.7"), address("2a00:1450::1")]);
    assert_eq!(found, vec![Ok(json!({"name": "host-1.example.org"})); 2]);
}

#[test]
fn ptr_hostile() {
    let long: Vec<&[u8]> = vec![b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; 4];
    let hostile: Vec<Vec<u8>> = vec![
        wire(&[b"<script>alert(1)</script>"]),
        wire(&[b"\x1b[2J\x07", b"example"]),
        wire(&[b"a b", b"example"]),
        wire(&[b"a\"onload=", b"example"]),
        wire(&["\u{202e}gro".as_bytes()]),
        wire(&[b"192.0.2.1"]),
        wire(&[b"192", b"0", b"2", b"1"]),
        wire(&[b"\xff\xfe"]),
        wire(&long),
        wire(&[]),
        vec![0xc0, 0xff],
        vec![0xc0, 12, 0xc0, 12],
        vec![63, b'a'],
        vec![0xff; 3],
        Vec::new(),
    ];
    for data in hostile {
        let shown = data.clone();
        let stub = Stub::start(move |_, _| vec![(PTR, data.clone())]);
        let found = reverse::names(&stub.resolver(), &[address("145.7.7.7")]);
        let name = found[0].as_ref().unwrap()["name"].clone();
        // A pointer to the question is a name that could be shown, and it is that of the question.
        let harmless = name.is_null() || name == "7.7.7.145.in-addr.arpa";
        assert!(harmless, "{shown:?}: {found:?}");
    }
}

#[test]
fn a_silent_or_refusing_name_server_is_told_of() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = Resolver::new(Some(&silent.local_addr().unwrap().to_string())).unwrap();
    let began = Instant::now();
    let answer = resolver.addresses("example.org", Instant::now() + Duration::from_millis(300));
    assert!(matches!(answer, Err(NoAnswer::Silent(_))) && began.elapsed() < Duration::from_secs(3));
    let none = Stub::start(|_, _| Vec::new());
    assert_eq!(none.resolver().addresses("example.org", soon()), Err(NoAnswer::Nothing));
}

#[test]
fn a_cut_answer_is_asked_for_again_over_tcp() {
    // The same port for both; another test may have it for the other.
    let (udp, tcp) = (0..50)
        .find_map(|_| {
            let udp = UdpSocket::bind("127.0.0.1:0").ok()?;
            let tcp = TcpListener::bind(udp.local_addr().ok()?).ok()?;
            Some((udp, tcp))
        })
        .unwrap();
    let address = udp.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        let (length, from) = udp.recv_from(&mut buffer).unwrap();
        let mut cut = reply(&buffer[..2], &buffer[12..length], &vec![(A, vec![145, 7, 7, 7])]);
        cut[2] |= 2;
        udp.send_to(&cut, from).unwrap();
        let (mut stream, _) = tcp.accept().unwrap();
        let length = stream.read(&mut buffer).unwrap();
        let whole = reply(&buffer[2..4], &buffer[14..length], &vec![(A, vec![145, 7, 7, 8]); 9]);
        let framed = [&(whole.len() as u16).to_be_bytes()[..], &whole].concat();
        framed.chunks(7).for_each(|chunk| stream.write_all(chunk).unwrap());
    });
    let resolver = Resolver::new(Some(&address.to_string())).unwrap();
    let found = resolver.ask(("example.org", A), soon(), |message| Some(message.records().count()));
    assert_eq!(found, Ok(9));
}

/// A web server that answers the n-th request with the n-th of these.
fn web_stub(answers: Vec<Vec<u8>>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            counter.fetch_add(1, Relaxed);
            let mut head = [0; 2048];
            let _ = stream.read(&mut head);
            // A client that has enough goes away.
            let _ = stream.write_all(&answer);
        }
    });
    (address, asked)
}

fn redirect(location: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .into_bytes()
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Where no name server is: on loopback, at a port nobody listens at.
fn nowhere() -> Resolver {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    Resolver::new(Some(&port.to_string())).unwrap()
}

const REFUSED: [&str; 39] = [
    "http://145.7.7.7/",
    "http://example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "https://127.0.0.1/",
    "https://127.0.0.1:8470/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://user@127.0.0.1/",
    "https://stat.ripe.net@169.254.169.254/",
    "//127.0.0.1/",
];

#[test]
fn rdap_ssrf_matrix() {
    let web = Web::new(nowhere());
    for url in REFUSED {
        let answer = web.get(url, &mut Pace::default());
        let refused = matches!(answer, Err(Failed::NotHttps(_) | Failed::NotPublic { .. }));
        let unresolved = url == "http://example.org/" && matches!(answer, Err(Failed::Unresolved { .. }));
        assert!(refused || unresolved, "{url}: {answer:?}");
    }
}

#[test]
fn redirects_pass_the_same_door() {
    for location in REFUSED.iter().filter(|url| !url.starts_with("http://example")) {
        let (stub, asked) = web_stub(vec![redirect(location), ok(b"secret")]);
        let web = Web::with_stub(nowhere(), stub);
        let answer = web.get(&format!("http://{stub}/ip/145.7.7.7"), &mut Pace::default());
        assert!(
            matches!(answer, Err(Failed::NotHttps(_) | Failed::NotPublic { .. })),
            "{location}: {answer:?}"
        );
        assert_eq!(asked.load(Relaxed), 1, "{location}");
    }
}

#[test]
fn names_that_lead_inside_are_refused_even_beside_others() {
    for inside in [[127, 0, 0, 1], [169, 254, 169, 254], [10, 0, 0, 1]] {
        let stub = Stub::start(move |_, kind| match kind {
            A => vec![(A, vec![145, 7, 7, 7]), (A, inside.to_vec())],
            _ => Vec::new(),
        });
        let answer = Web::new(stub.resolver()).get("https://rdap.example/ip", &mut Pace::default());
        assert!(matches!(answer, Err(Failed::NotPublic { .. })), "{answer:?}");
    }
    let mapped = Stub::start(|_, kind| match kind {
        AAAA => vec![(AAAA, "::ffff:127.0.0.1".parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec())],
        _ => Vec::new(),
    });
    let answer = Web::new(mapped.resolver()).get("https://rdap.example/ip", &mut Pace::default());
    assert!(matches!(answer, Err(Failed::NotPublic { .. })), "{answer:?}");
}

#[test]
fn a_name_is_resolved_once_and_the_connection_goes_there() {
    let (stub, asked) = web_stub(vec![ok(b"{\"name\": \"NET\"}")]);
    // The second time the name leads elsewhere.
    let times = AtomicUsize::new(0);
    let names = Stub::start(move |_, kind| match kind {
        A if times.fetch_add(1, Relaxed) == 0 => vec![(A, vec![127, 0, 0, 1])],
        A => vec![(A, vec![10, 0, 0, 1])],
        _ => Vec::new(),
    });
    let web = Web::with_stub(names.resolver(), stub);
    let url = format!("http://rdap.example:{}/ip", stub.port());
    let answer = web.get(&url, &mut Pace::default()).unwrap();
    assert_eq!(Asked::Rdap.read(&answer).unwrap()["name"], "NET");
    assert_eq!(
        (asked.load(Relaxed), names.asked.load(Relaxed)),
        (1, 2),
        "one connection; A and AAAA once each"
    );
}

#[test]
fn over_https_the_conversation_begins_encrypted_and_names_the_host() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stub = listener.local_addr().unwrap();
    let names = Stub::start(|_, kind| if kind == A { vec![(A, vec![127, 0, 0, 1])] } else { Vec::new() });
    let said = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = vec![0; 4096];
        let length = stream.read(&mut hello).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        hello.truncate(length);
        hello
    });
    let web = Web::with_stub(names.resolver(), stub);
    let answer = web.get(&format!("https://rdap.example:{}/ip", stub.port()), &mut Pace::default());
    let hello = said.join().unwrap();
    assert!(
        hello.starts_with(&[22, 3]) && hello.windows(12).any(|bytes| bytes == b"rdap.example"),
        "{hello:?}"
    );
    assert!(
        matches!(answer, Err(Failed::Unreachable { .. })),
        "what is not encrypted is no answer: {answer:?}"
    );
}

#[test]
fn endless_answers_and_endless_redirects_end() {
    let (stub, _) = web_stub(vec![ok(&vec![b'x'; 300 * 1024])]);
    let get = |stub: SocketAddr| {
        Web::with_stub(nowhere(), stub).get(&format!("http://{stub}/"), &mut Pace::default())
    };
    assert!(matches!(get(stub), Err(Failed::TooLong(_))));
    let (stub, asked) = web_stub(vec![redirect("/again"); 9]);
    let began = Instant::now();
    assert!(matches!(get(stub), Err(Failed::TooManyRedirects)));
    assert_eq!(asked.load(Relaxed), 4);
    assert!(began.elapsed() >= Duration::from_secs(3), "one question a second");
    let (stub, _) = web_stub(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nshort".to_vec()]);
    assert!(matches!(get(stub), Err(Failed::Unreachable { .. })));
    let (stub, _) = web_stub(vec![b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()]);
    assert!(matches!(get(stub), Err(Failed::Status { status: 404, .. })));
}

#[test]
fn of_an_answer_only_checked_facts_are_kept() {
    let rdap = br#"{"name": "NET\u001b[2J\u202e", "handle": 7, "country": "nl", "startAddress": "145.7.0.0",
        "endAddress": "<b>", "cidr0_cidrs": [{"v4prefix": "145.7.0.0", "length": 16}, {"v4prefix": "x", "length": 8}],
        "entities": [{"roles": ["registrant"], "vcardArray": ["vcard", [["version", {}, "text", "4.0"],
        ["fn", {}, "text", "Holder"]]]}], "evil": "<script>"}"#;
    assert_eq!(
        Asked::Rdap.read(rdap).unwrap(),
        json!({"name": "NET[2J", "handle": null, "holder": "Holder", "country": "NL", "prefixes": ["145.7.0.0/16"],
               "first": "145.7.0.0", "last": null})
    );
    let stat =
        br#"{"data": {"resource": "145.7.0.0/16", "announced": true, "asns": [{"asn": 1136, "holder": "KPN"},
        {"asn": "x"}]}}"#;
    assert_eq!(
        Asked::Ripestat.read(stat).unwrap(),
        json!({"prefix": "145.7.0.0/16", "announced": true, "origins": [{"asn": 1136, "as_name": "KPN"}]})
    );
    for bad in [&b"[]"[..], b"<html>", b"\xff", b"", b"1"] {
        assert!(Asked::ALL[1..].iter().all(|asked| asked.read(bad).is_err()));
    }
    assert!(Asked::ALL[1..].iter().all(|asked| asked.read(b"{}").is_ok()));
}

#[test]
fn a_measured_place_is_the_sure_one_or_of_many_the_countrys_with_most_scores() {
    let place = |code: &str, city: &str, score: f64| json!({"countryCodeAlpha2": code, "cityName": city, "score": score});
    let read = |places: Vec<Value>| {
        let found = Asked::Ipmap.read(json!({"locations": places}).to_string().as_bytes()).unwrap();
        (found["country"].clone(), found["city"].clone())
    };
    let sure = read(vec![place("DE", "Berlin", 40.0), place("NL", "Delft", 95.0)]);
    assert_eq!(sure, (json!("NL"), json!("Delft")));
    assert_eq!(read(vec![place("DE", "Berlin", 80.0); 3]).0, Value::Null);
    let mut many = vec![place("NL", "Delft", 10.0); 19];
    many.extend([place("DE", "Berlin", 80.0), place("NL", "Breda", 11.0)]);
    assert_eq!(read(many), (json!("NL"), json!("Breda")));
}

fn settings(stub: &Stub, cache: &std::path::Path) -> settings::Online {
    settings::Online {
        resolver: stub.address.to_string(),
        cache: cache.to_path_buf(),
        ..settings::Online::default()
    }
}

#[test]
fn answers_are_kept_on_disk_and_private_addresses_never_asked_about() {
    let folder = std::env::temp_dir().join(format!("wireglobe-online-{}", std::process::id()));
    let stub = Stub::start(|_, _| vec![(PTR, wire(&[b"host", b"example"]))]);
    let settings = settings(&stub, &folder);
    let addresses =
        ["145.7.7.7", "192.168.1.1", "::ffff:10.0.0.1", "169.254.169.254", "fe80::1"].map(address);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut online = Online::new(&settings, &[Asked::ReverseDns]).unwrap();
        answers.push(online.look_up(&addresses));
        assert_eq!(online.complaint(), None);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][0]["reverse_dns"]["name"], "host.example");
    assert!(answers[0][1..].iter().all(|answer| answer["skipped"].is_string()));
    assert_eq!(stub.asked.load(Relaxed), 1, "the second time the file answers");
    std::fs::write(folder.join("online.json"), "{\"schema\": 1, \"answers\": {\"reverse").unwrap();
    let online = Online::new(&settings, &[Asked::ReverseDns]).unwrap();
    assert!(online.complaint().is_some_and(|complaint| complaint.contains("begun anew")));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn nobody_is_asked_unless_named_or_allowed() {
    let stub = Stub::start(|_, _| Vec::new());
    let settings = settings(&stub, std::path::Path::new("/nonexistent"));
    assert!(matches!(Online::new(&settings, &[]), Err(Unavailable::Nobody)));
    let allowed = settings::Online { rdap: true, ..settings };
    assert_eq!(Online::new(&allowed, &[]).unwrap().asked, [Asked::Rdap]);
}

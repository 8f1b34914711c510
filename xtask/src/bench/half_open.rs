//! Two thousand requests that never end: who means well is served soon, whether the server has room for all of them or its usual room; and
//! it serves again after it ran out of descriptors.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use socket2::{Domain, Socket, Type};

use super::clients::raise_limit;
use super::server::Server;
use super::{Bench, Line};
use crate::asking;

/// One that is not taken in by then isn't held.
const CONNECT: Duration = Duration::from_secs(5);

/// Where who means well comes from: rooms are by address.
const ELSEWHERE: [u8; 4] = [127, 0, 0, 2];

/// What the server has, and by when who means well is served.
struct Case {
    what: &'static str,
    requests: usize,
    /// Connections that it lets in, in all and from one address.
    room: Option<usize>,
    /// Descriptors.
    descriptors: Option<u64>,
    wanted: Duration,
}

const SOON: Duration = Duration::from_secs(1);

const CASES: [Case; 3] = [
    Case { what: "with room for them", requests: 2000, room: Some(4000), descriptors: None, wanted: SOON },
    Case { what: "with the usual room", requests: 2000, room: None, descriptors: None, wanted: SOON },
    // The server ends a request without a head after 10 s; then there are descriptors again.
    Case {
        what: "with 512 descriptors",
        requests: 600,
        room: Some(4000),
        descriptors: Some(512),
        wanted: Duration::from_secs(12),
    },
];

pub(super) fn half_open(bench: &Bench<'_>) -> Result<Vec<Line>> {
    raise_limit()?;
    CASES.iter().map(|case| measure(bench, case)).collect()
}

fn measure(bench: &Bench<'_>, case: &Case) -> Result<Line> {
    let descriptors =
        case.descriptors.map_or(String::new(), |descriptors| format!("ulimit -n {descriptors}; "));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{descriptors}exec \"$0\" run \"$@\"")]).arg(&bench.arguments.wireglobe);
    for key in ["MAX_CONNECTIONS", "MAX_CONNECTIONS_PER_ADDRESS"] {
        command.envs(case.room.map(|room| (format!("WIREGLOBE__SERVER__{key}"), room.to_string())));
    }
    let server = Server::spawn(bench, &mut command)?;
    let address: SocketAddr = server.address.parse()?;
    let held: Vec<TcpStream> = (0..case.requests).filter_map(|_| half_a_request(address).ok()).collect();
    let began = Instant::now();
    let mut answer = served(address);
    while answer.is_err() && began.elapsed() < case.wanted {
        answer = served(address);
    }
    let took = began.elapsed();
    answer?;
    Ok(Line {
        what: format!("{} requests that never end, {}", held.len(), case.what),
        ours: format!("another is served within {:.3} s", took.as_secs_f64()),
        wanted: format!("<= {} s", case.wanted.as_secs()),
        verdict: (took <= case.wanted).into(),
        ..Line::default()
    })
}

fn half_a_request(address: SocketAddr) -> Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, CONNECT)?;
    std::io::Write::write_all(&mut stream, b"GET / HT")?;
    Ok(stream)
}

/// A question from another address.
fn served(address: SocketAddr) -> Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((ELSEWHERE, 0)).into())?;
    socket.connect_timeout(&address.into(), SOON)?;
    let status = asking::over(socket.into(), (&address.to_string(), "/api/v1/status"))?;
    if status["state"].is_string() { Ok(()) } else { Err(anyhow!("no status")) }
}

//! Whether the dashboard can be reached, by those who should.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use super::Finding;
use crate::access::Accounts;
use crate::settings::Settings;

/// How long whoever has the port may take to say that it is a Wireglobe.
const PATIENCE: Duration = Duration::from_secs(1);

/// The ports that would be listened on.
pub(super) fn ports(settings: &Settings) -> Vec<Finding> {
    let listen = settings.server.listen;
    let web = match TcpListener::bind(listen) {
        Ok(_) => Finding::ok("port", format!("{listen} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_wireglobe(listen) => {
            Finding::ok("port", format!("a Wireglobe answers on {listen}"))
        }
        Err(error) => taken(listen, &error, "server.listen or --listen"),
    };
    let flows = settings.flows.address().map(|listen| match UdpSocket::bind(listen) {
        Ok(_) => Finding::ok("port", format!("{listen} is free for flow exports")),
        Err(error) => taken(listen, &error, "flows.listen or --flows-listen"),
    });
    std::iter::once(web).chain(flows).collect()
}

fn taken(listen: SocketAddr, error: &io::Error, setting: &str) -> Finding {
    let (found, mend) = match error.kind() {
        ErrorKind::AddrInUse => (
            format!("another program has {listen}"),
            format!(
                "see which: sudo ss -ltnup 'sport = :{}'; or choose another port with {setting}",
                listen.port()
            ),
        ),
        ErrorKind::PermissionDenied => (
            format!("{listen} is not permitted: {error}"),
            format!("choose a port above 1023 with {setting}"),
        ),
        _ => (format!("{listen}: {error}"), format!("choose an address of this machine with {setting}")),
    };
    Finding::problem("port", found, mend)
}

/// Whether who answers there is one; an encrypted one says so in its refusal.
fn is_wireglobe(listen: SocketAddr) -> bool {
    let ask = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&listen, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| {
        answer.ends_with("\r\n\r\nok\n") || answer.ends_with("this port is encrypted: begin with https://\n")
    })
}

/// Whether somebody can log in where one has to.
pub(super) fn access(settings: &Settings) -> Vec<Finding> {
    let check = "access";
    let server = &settings.server;
    if !server.needs_login() {
        return vec![Finding::ok(check, "nobody has to log in, and only this machine reaches it")];
    }
    let file = server.users_file();
    vec![match Accounts::read(&file) {
        Ok(accounts) if accounts.is_empty() => Finding::problem(
            check,
            format!("nobody could log in: {} has no user", file.display()),
            "wireglobe user add NAME --role operator",
        ),
        Ok(_) => Finding::ok(check, format!("users are in {}", file.display())),
        Err(error) => Finding::problem(check, error, "correct the file, or remove it and add users anew"),
    }]
}

//! A server of ours, asked over HTTP.

use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Where it listens: of the line that says where to look.
pub(crate) fn address(output: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    output.read_line(&mut line)?;
    let behind = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    Ok(behind.with_context(|| format!("no address: {line}"))?.to_owned())
}

/// The document at a path.
pub(crate) fn get(address: &str, path: &str) -> Result<Value> {
    over(TcpStream::connect(address)?, (address, path))
}

/// The same over a connection that is made: the server's address, and the path.
pub(crate) fn over(mut stream: TcpStream, (address, path): (&str, &str)) -> Result<Value> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    ensure!(head.contains(" 200 "), "{path}: {head} {body}");
    serde_json::from_str(body).with_context(|| path.to_owned())
}

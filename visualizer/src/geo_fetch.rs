//! A database from the network: only when the user says so. Few redirects, never from HTTPS down to HTTP, bounded in
//! bytes and time; what comes is checked as any file is.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::RootCerts;

use crate::ages;
use crate::online::tls;

/// Redirects followed.
const REDIRECTS: u32 = 3;

/// The largest answer taken, in bytes.
const BYTES_MAX: u64 = 2 << 30;

/// Until a server is reached, and until all has come.
const CONNECT: Duration = Duration::from_secs(15);
const WHOLE: Duration = Duration::from_secs(3600);

/// Whether this names something to fetch.
pub(crate) fn is_url(from: &str) -> bool {
    from.starts_with("https://") || from.starts_with("http://")
}

/// Fetches into a file. HTTPS trusts whom Mozilla trusts.
pub(crate) fn fetch(url: &str, to: &Path) -> Result<(), String> {
    fetch_trusting(RootCerts::WebPki, url, to)
}

fn fetch_trusting(roots: RootCerts, url: &str, to: &Path) -> Result<(), String> {
    let failed = |error: String| format!("{url}: {error}");
    let mut response = agent(url, roots)?.get(url).call().map_err(|error| failed(error.to_string()))?;
    let mut body = response.body_mut().with_config().limit(BYTES_MAX + 1).reader().take(BYTES_MAX + 1);
    let mut file = File::create(to).map_err(|error| format!("{}: {error}", to.display()))?;
    let copied = io::copy(&mut body, &mut file).and_then(|bytes| file.flush().map(|()| bytes));
    match copied.map_err(|error| failed(error.to_string()))? {
        bytes if bytes > BYTES_MAX => Err(failed(format!("expected at most {BYTES_MAX} bytes, found more"))),
        _ => Ok(()),
    }
}

/// The day of what an address has, `YYYY-MM-DD` in UTC, by the server's Last-Modified (RFC 9110 §8.8.2); nothing is fetched.
pub(crate) fn modified(url: &str) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{url}: {error}");
    let request = agent(url, RootCerts::WebPki)?.head(url).config().timeout_global(Some(CONNECT)).build();
    let response = request.call().map_err(|error| failed(&error))?;
    let header = response.headers().get("last-modified").and_then(|value| value.to_str().ok());
    let header = header.ok_or_else(|| failed(&"the server does not tell when it was changed"))?;
    let time = jiff::fmt::rfc2822::parse(header).map_err(|error| failed(&error))?;
    Ok(ages::day(time.timestamp()))
}

fn agent(url: &str, roots: RootCerts) -> Result<Agent, String> {
    let is_https = url.starts_with("https://");
    let builder = Agent::config_builder()
        .max_redirects(REDIRECTS)
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(WHOLE))
        .https_only(is_https)
        .user_agent(concat!("wireglobe/", env!("CARGO_PKG_VERSION")));
    let config = match tls::config_with(roots) {
        Some(tls) => builder.tls_config(tls),
        None if is_https => {
            return Err(format!(
                "{url}: this processor lacks what our TLS needs; fetch it with another program and name the file"
            ));
        }
        None => builder,
    };
    Ok(config.build().new_agent())
}

#[cfg(test)]
#[path = "geo_fetch_tls.rs"]
mod over_tls;

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::{SocketAddr, TcpListener};

    use super::*;

    /// Answers so many questions with what `answer` makes of the path.
    fn server(questions: usize, answer: fn(&str, SocketAddr) -> String) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(questions) {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let first = lines.next().unwrap().unwrap();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                let path = first.split(' ').nth(1).unwrap().to_owned();
                stream.write_all(answer(&path, address).as_bytes()).unwrap();
            }
        });
        address
    }

    fn answer(path: &str, address: SocketAddr) -> String {
        if path == "/dated" || path == "/wrong" {
            let date = if path == "/dated" { "Wed, 21 Oct 2026 07:28:00 GMT" } else { "soon" };
            return format!(
                "HTTP/1.1 200 OK\r\nlast-modified: {date}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
        }
        let turns: usize = path.trim_start_matches('/').parse().unwrap_or(0);
        match turns {
            0 if path == "/none" => {
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
            }
            0 => "HTTP/1.1 200 OK\r\ncontent-length: 19\r\nconnection: close\r\n\r\n192.0.2.0/24\t64496\n"
                .to_owned(),
            turns => format!(
                "HTTP/1.1 302 Found\r\nlocation: http://{address}/{}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                turns - 1
            ),
        }
    }

    #[test]
    fn three_redirects_are_followed_and_no_more() {
        let address = server(9, answer);
        let to = std::env::temp_dir().join(format!("wireglobe-fetch-{}", std::process::id()));
        fetch(&format!("http://{address}/3"), &to).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"192.0.2.0/24\t64496\n");
        assert!(fetch(&format!("http://{address}/4"), &to).is_err());
        std::fs::remove_file(&to).unwrap();
    }

    #[test]
    fn the_day_of_what_an_address_has_is_told_without_fetching_it() {
        let address = server(3, answer);
        let of = |path: &str| modified(&format!("http://{address}{path}"));
        assert_eq!(of("/dated").unwrap(), "2026-10-21");
        assert!(of("/wrong").is_err());
        assert!(of("/0").unwrap_err().contains("does not tell when it was changed"));
    }

    #[test]
    fn a_missing_file_is_an_error_that_names_the_address() {
        let address = server(1, answer);
        let url = format!("http://{address}/none");
        let to = std::env::temp_dir().join(format!("wireglobe-none-{}", std::process::id()));
        let error = fetch(&url, &to).unwrap_err();
        assert!(error.starts_with(&url) && error.contains("404"), "{error}");
    }
}

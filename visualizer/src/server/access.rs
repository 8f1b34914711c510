//! Who may ask, and what every answer carries.
//!
//! `Host` is compared with the configured names first: a page of another site that was rebound to this address has the
//! wrong one. Then, for the WebSocket, `Origin` must be exactly this page's own.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The content security policy of every answer.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The values of `Host` under which this server may be asked.
#[derive(Debug)]
pub struct AllowedHosts {
    names: Vec<String>,
    /// Listening on every address of the machine: any address will do as a name, with this port. No page of another site can be
    /// rebound to one, since it would have to bear the address as its name already.
    addresses: Option<u16>,
    /// What `Origin` begins with.
    schemes: &'static [&'static str],
}

impl AllowedHosts {
    /// The listening address, `localhost`, and the configured names; those without a port get the listening one.
    pub fn new(listen: SocketAddr, named: &[String]) -> Self {
        let port = listen.port();
        let mut hosts = vec![listen.to_string(), format!("localhost:{port}")];
        for name in named {
            hosts.push(name.to_ascii_lowercase());
            hosts.push(format!("{}:{port}", name.to_ascii_lowercase()));
        }
        if port == 80 {
            hosts.extend(without_port(&hosts, ":80"));
        }
        let addresses = listen.ip().is_unspecified().then_some(port);
        Self { names: hosts, addresses, schemes: &["http", "https"] }
    }

    /// The same where this server encrypts: pages come over HTTPS only.
    #[must_use]
    pub fn encrypted(mut self) -> Self {
        self.schemes = &["https"];
        self.names.extend(without_port(&self.names, ":443"));
        self
    }

    /// Whether these headers name an allowed host, exactly once.
    pub fn allows(&self, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return false };
        host.to_str().is_ok_and(|host| {
            self.names.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) || self.is_address(host)
        })
    }

    fn is_address(&self, host: &str) -> bool {
        let default = if self.schemes.len() == 1 { 443 } else { 80 };
        self.addresses.is_some_and(|port| {
            host.parse::<SocketAddr>().map_or_else(
                |_| port == default && host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok(),
                |address| address.port() == port,
            )
        })
    }

    /// Whether a WebSocket may be opened: no `Origin` (not a browser), or exactly the page's own, by scheme, host and
    /// port. Call after [`AllowedHosts::allows`].
    pub fn allows_origin(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let is_own = |scheme: &&str| origin.as_bytes() == format!("{scheme}://{host}").as_bytes();
        origins.next().is_none() && self.schemes.iter().any(is_own)
    }
}

/// The names that have this port, without it.
fn without_port(hosts: &[String], port: &str) -> Vec<String> {
    hosts.iter().filter_map(|host| host.strip_suffix(port).map(str::to_owned)).collect()
}

/// Refuses what was sent to another name.
pub(super) async fn host(State(hosts): State<Arc<AllowedHosts>>, request: Request, next: Next) -> Response {
    if hosts.allows(request.headers()) {
        return next.run(request).await;
    }
    (
        StatusCode::FORBIDDEN,
        "this server does not answer to that name; see server.allowed_hosts in the settings\n",
    )
        .into_response()
}

/// What every answer carries.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: Option<&str>, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        headers
    }

    /// The matrix of the threat model: host, origin, whether the page is served, whether a socket opens.
    #[test]
    fn host_then_origin() {
        let hosts = AllowedHosts::new("127.0.0.1:8470".parse().unwrap(), &["globe.example".to_owned()]);
        for (host, origin, page, socket) in [
            (Some("127.0.0.1:8470"), None, true, true),
            (Some("127.0.0.1:8470"), Some("http://127.0.0.1:8470"), true, true),
            (Some("localhost:8470"), Some("http://localhost:8470"), true, true),
            (Some("LOCALHOST:8470"), Some("http://LOCALHOST:8470"), true, true),
            (Some("globe.example"), Some("https://globe.example"), true, true),
            (Some("globe.example:8470"), Some("http://globe.example:8470"), true, true),
            (Some("127.0.0.1:8470"), Some("http://localhost:8470"), true, false),
            (Some("127.0.0.1:8470"), Some("http://127.0.0.1:8471"), true, false),
            (Some("127.0.0.1:8470"), Some("http://127.0.0.1"), true, false),
            (Some("127.0.0.1:8470"), Some("null"), true, false),
            (Some("127.0.0.1:8470"), Some("http://evil.test"), true, false),
            (Some("127.0.0.1:8470"), Some("http://127.0.0.1:8470.evil.test"), true, false),
            (Some("127.0.0.1:8470"), Some("http://127.0.0.1:8470/"), true, false),
            (Some("127.0.0.1:8470"), Some("ws://127.0.0.1:8470"), true, false),
            (Some("127.0.0.1:8470"), Some(""), true, false),
            (Some("evil.test"), Some("http://evil.test"), false, false),
            (Some("evil.test:8470"), Some("http://evil.test:8470"), false, false),
            (Some("127.0.0.1"), None, false, false),
            (Some("127.0.0.1:80"), None, false, false),
            (Some("127.0.0.1:8470."), None, false, false),
            (Some("[::1]:8470"), None, false, false),
            (Some("0.0.0.0:8470"), None, false, false),
            (Some("127.1:8470"), None, false, false),
            (Some("2130706433:8470"), None, false, false),
            (Some("localhost"), None, false, false),
            (Some("localhost.evil.test:8470"), None, false, false),
            (Some(""), None, false, false),
            (None, None, false, false),
        ] {
            let headers = headers(host, origin);
            assert_eq!(hosts.allows(&headers), page, "{host:?}");
            assert_eq!(
                hosts.allows(&headers) && hosts.allows_origin(&headers),
                socket,
                "{host:?} {origin:?}"
            );
        }
    }

    #[test]
    fn a_server_at_every_address_answers_to_addresses_and_its_names_only() {
        let hosts =
            AllowedHosts::new("0.0.0.0:8470".parse().unwrap(), &["globe.example".to_owned()]).encrypted();
        for (host, origin, page, socket) in [
            ("192.0.2.1:8470", "https://192.0.2.1:8470", true, true),
            ("[2001:db8::1]:8470", "https://[2001:db8::1]:8470", true, true),
            ("globe.example:8470", "https://globe.example:8470", true, true),
            ("192.0.2.1:8470", "http://192.0.2.1:8470", true, false),
            ("192.0.2.1:8470", "https://192.0.2.2:8470", true, false),
            ("192.0.2.1:8471", "https://192.0.2.1:8471", false, false),
            ("192.0.2.1", "https://192.0.2.1", false, false),
            ("evil.test:8470", "https://evil.test:8470", false, false),
            ("192.0.2.1.evil.test:8470", "https://192.0.2.1.evil.test:8470", false, false),
        ] {
            let headers = headers(Some(host), Some(origin));
            assert_eq!(hosts.allows(&headers), page, "{host}");
            assert_eq!(hosts.allows(&headers) && hosts.allows_origin(&headers), socket, "{host} {origin}");
        }
        let hosts = AllowedHosts::new("[::]:443".parse().unwrap(), &[]).encrypted();
        for host in ["192.0.2.1", "[2001:db8::1]", "localhost", "localhost:443"] {
            assert!(hosts.allows(&headers(Some(host), None)), "{host}");
        }
    }

    #[test]
    fn two_hosts_are_none() {
        let hosts = AllowedHosts::new("[::1]:80".parse().unwrap(), &[]);
        let mut headers = headers(Some("[::1]"), None);
        assert!(hosts.allows(&headers));
        headers.append(header::HOST, HeaderValue::from_static("[::1]"));
        assert!(!hosts.allows(&headers));
    }
}

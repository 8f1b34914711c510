//! The page: files of `frontend/dist`, embedded, found by their exact names only. No path is ever built from a URL.

use std::collections::HashMap;
use std::io::Write;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../frontend/dist"]
struct Dist;

/// A file, ready to be sent.
struct Asset {
    kind: &'static str,
    plain: Vec<u8>,
    /// Compressed, where that saves something.
    gzip: Option<Vec<u8>>,
    tag: String,
}

/// Addresses that the page itself reads: the first part, how many further ones, and what those may have beside letters and
/// digits.
const PAGES: &[(&str, RangeInclusive<usize>, &[u8])] = &[
    ("", 0..=0, b""),
    ("alerts", 0..=1, b"-"),
    ("explore", 0..=0, b""),
    ("hosts", 0..=0, b""),
    ("packets", 0..=0, b""),
    ("block", 0..=0, b""),
    ("system", 0..=0, b""),
    ("wall", 0..=0, b""),
    ("country", 1..=1, b""),
    ("as", 1..=1, b""),
    ("prefix", 2..=2, b".:"),
    ("host", 1..=1, b".:"),
    ("domain", 1..=1, b"-_.%"),
];

/// Whether the page itself reads this address: `/`, `/alerts/ID`, `/prefix/192.0.2.0/24`.
fn is_page(path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    let first = parts.next().unwrap_or_default();
    let further = parts.clone().count();
    PAGES.iter().any(|(page, number, more)| {
        let is_plain =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte));
        *page == first && number.contains(&further) && parts.clone().all(is_plain)
    })
}

/// Serves a file by its exact name, and the page itself at its addresses.
pub(super) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let name = match uri.path() {
        path if is_page(path) => "index.html",
        path => path.trim_start_matches('/'),
    };
    match assets().get(name) {
        Some(asset) => asset.answer(&headers),
        None => (StatusCode::NOT_FOUND, "there is no such page\n").into_response(),
    }
}

/// All files, compressed once at the first request.
fn assets() -> &'static HashMap<String, Asset> {
    static ASSETS: OnceLock<HashMap<String, Asset>> = OnceLock::new();
    ASSETS.get_or_init(|| {
        Dist::iter().filter_map(|name| Some((name.to_string(), Asset::load(&name)?))).collect()
    })
}

impl Asset {
    fn load(name: &str) -> Option<Self> {
        let file = Dist::get(name)?;
        let plain = file.data.into_owned();
        let gzip = compress(&plain).filter(|gzip| gzip.len() < plain.len());
        let hash = file.metadata.sha256_hash();
        let tag = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Some(Self { kind: kind(name), plain, gzip, tag: format!("\"{tag}\"") })
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let given = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let common = [
            (header::CONTENT_TYPE, self.kind),
            (header::CACHE_CONTROL, "no-cache"),
            (header::ETAG, self.tag.as_str()),
            (header::VARY, "accept-encoding"),
        ];
        if given(header::IF_NONE_MATCH) == self.tag {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        match &self.gzip {
            Some(gzip) if given(header::ACCEPT_ENCODING).contains("gzip") => {
                (common, [(header::CONTENT_ENCODING, "gzip")], gzip.clone()).into_response()
            }
            _ => (common, self.plain.clone()).into_response(),
        }
    }
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::is_page;

    #[test]
    fn the_page_opens_at_each_of_its_addresses_and_nowhere_else() {
        let entities =
            ["/country/NL", "/as/1136", "/prefix/192.0.2.0/24", "/prefix/2001:db8::/32", "/host/2001:db8::1"];
        let plain = [
            "/",
            "/alerts",
            "/alerts/",
            "/alerts/00000012",
            "/explore",
            "/hosts",
            "/packets",
            "/block",
            "/system",
            "/domain/xn--bcher-kva.example",
        ];
        for path in entities.into_iter().chain(plain) {
            assert!(is_page(path), "{path}");
        }
        for path in [
            "/alert",
            "/alerts/1/2",
            "/alerts/a.js",
            "/index",
            "/api/v1/alerts",
            "/alerts/%2e%2e",
            "/as",
            "/as/1/2",
            "/prefix/192.0.2.0",
            "/host/a/b",
            "/system/x",
            "/assets/none.js",
            "//etc",
        ] {
            assert!(!is_page(path), "{path}");
        }
    }
}

//! Fetching over HTTPS from a server of our own, whose certificates an authority of our own has signed.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use ureq::tls::{Certificate, RootCerts};

use super::*;

/// An authority, and two certificates of it: for 127.0.0.1, and for another host. A folder that goes with it.
struct Authority(PathBuf);

/// Makes all keys and certificates.
const MAKE: &str = "set -e
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; }
key ca; openssl req -x509 -new -key ca.key -subj /CN=authority -days 2 -out ca.pem
sign() { key $1; echo \"subjectAltName=$2\" > $1.ext; openssl req -new -key $1.key -subj /CN=$1 -out $1.csr
  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem; }
sign right IP:127.0.0.1; sign other DNS:other.example";

impl Authority {
    /// `None`, with a word, without openssl.
    fn new(name: &str) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("wireglobe-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let made = Command::new("sh").args(["-c", MAKE]).current_dir(&folder).output().unwrap();
        let authority = Self(folder);
        if !made.status.success() || tls::provider().is_none() {
            println!("skipped: needs openssl and a processor that our TLS runs on");
            return None;
        }
        Some(authority)
    }

    fn roots(&self) -> RootCerts {
        let pem = std::fs::read(self.0.join("ca.pem")).unwrap();
        RootCerts::new_with_certs(&[Certificate::from_pem(&pem).unwrap()])
    }

    fn config(&self, name: &str) -> Arc<ServerConfig> {
        let file = |ending: &str| self.0.join(format!("{name}.{ending}"));
        let certificate = CertificateDer::from_pem_file(file("pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(file("key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(tls::provider().unwrap()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate], key).unwrap())
    }

    /// A server with one of the certificates that gives every question one answer.
    fn serve(&self, name: &str, answer: String) -> SocketAddr {
        let (config, listener) = (self.config(name), TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Who refuses our certificate goes away.
                let _ = reply(stream, Arc::clone(&config), &answer);
            }
        });
        address
    }

    fn target(&self) -> PathBuf {
        self.0.join("fetched")
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn reply(stream: TcpStream, config: Arc<ServerConfig>, answer: &str) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let stream = reader.get_mut();
    stream.write_all(answer.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn ok() -> String {
    "HTTP/1.1 200 OK\r\ncontent-length: 19\r\nconnection: close\r\n\r\n192.0.2.0/24\t64496\n".to_owned()
}

fn refused(roots: RootCerts, address: SocketAddr, to: &Path) -> String {
    let error = fetch_trusting(roots, &format!("https://{address}/x"), to).unwrap_err();
    assert!(!to.exists(), "{error}");
    error
}

#[test]
fn a_file_comes_from_a_host_whose_certificate_holds() {
    let Some(authority) = Authority::new("holds") else { return };
    let address = authority.serve("right", ok());
    fetch_trusting(authority.roots(), &format!("https://{address}/x"), &authority.target()).unwrap();
    assert_eq!(std::fs::read(authority.target()).unwrap(), b"192.0.2.0/24\t64496\n");
}

#[test]
fn a_certificate_of_nobody_we_trust_or_of_another_host_is_refused() {
    let Some(authority) = Authority::new("refused") else { return };
    let unknown = refused(RootCerts::WebPki, authority.serve("right", ok()), &authority.target());
    assert!(unknown.contains("UnknownIssuer"), "{unknown}");
    let other = refused(authority.roots(), authority.serve("other", ok()), &authority.target());
    assert!(other.contains("not valid for name") || other.contains("NotValidForName"), "{other}");
}

#[test]
fn a_redirect_from_https_to_http_is_not_followed() {
    let Some(authority) = Authority::new("down") else { return };
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    plain.set_nonblocking(true).unwrap();
    let location = format!("http://{}/x", plain.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    refused(authority.roots(), authority.serve("right", answer), &authority.target());
    assert!(plain.accept().is_err(), "nobody has come");
}

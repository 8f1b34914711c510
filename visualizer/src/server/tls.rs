//! Encryption of the dashboard's connections. A certificate that is replaced on the disk is taken up without a restart;
//! one that can't be read leaves the one in use.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::access::certificate::{Files, Identity};

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// The first byte of a TLS connection: a record of type handshake (RFC 8446 §5.1).
const RECORD_OF_HANDSHAKE: u8 = 22;

/// What somebody gets who speaks HTTP to this port.
const PLAIN: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 44\r\n\
                       connection: close\r\n\r\nthis port is encrypted: begin with https://\n";

/// What encrypts.
pub(crate) struct Tls {
    files: Files,
    state: Mutex<State>,
}

struct State {
    identity: Identity,
    stamp: Stamp,
    looked: Instant,
}

type Stamp = [Option<SystemTime>; 2];

impl Tls {
    /// With the certificate of these files.
    ///
    /// # Errors
    /// As [`Files::load`].
    pub(crate) fn new(files: Files) -> Result<Self, String> {
        let state = State { stamp: stamp(&files), identity: files.load()?, looked: Instant::now() };
        Ok(Self { files, state: Mutex::new(state) })
    }

    /// The fingerprint of the certificate in use.
    pub(crate) fn fingerprint(&self) -> String {
        self.identity().fingerprint
    }

    fn identity(&self) -> Identity {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= LOOK {
            state.looked = Instant::now();
            let now = stamp(&self.files);
            if now != state.stamp {
                state.stamp = now;
                self.renew(&mut state);
            }
        }
        state.identity.clone()
    }

    fn renew(&self, state: &mut State) {
        match self.files.load() {
            Ok(identity) => {
                tracing::info!(sha256 = identity.fingerprint, "another certificate is in use");
                state.identity = identity;
            }
            Err(error) => tracing::warn!("{error}; the certificate in use stays"),
        }
    }

    /// The handshake; `None` when there is none to be had.
    pub(super) async fn greet(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.identity().config);
        match timeout(HANDSHAKE, shake(acceptor, stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake failed");
                None
            }
            Err(_) => None,
        }
    }
}

async fn shake(
    acceptor: TlsAcceptor,
    mut stream: TcpStream,
) -> std::io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] != RECORD_OF_HANDSHAKE {
        stream.write_all(PLAIN).await?;
        return Ok(None);
    }
    acceptor.accept(stream).await.map(Some)
}

fn stamp(files: &Files) -> Stamp {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
    [changed(&files.certificate), changed(&files.key)]
}

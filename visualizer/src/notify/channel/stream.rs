//! A connection that stays open between messages, over TCP or TLS. One whose other end has gone is noticed before it is written to, as a
//! write into it would succeed.

use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// Until a server is reached, and until it takes what is written.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
pub(super) enum Stream {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Connects to a server; encrypted if there is a configuration.
    pub(super) fn open((host, port): &(String, u16), tls: Option<&Arc<ClientConfig>>) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in (&**host, *port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(socket) => return Self::over(socket, host, tls),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn over(socket: TcpStream, host: &str, tls: Option<&Arc<ClientConfig>>) -> io::Result<Self> {
        socket.set_write_timeout(Some(PATIENCE))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let Some(config) = tls else { return Ok(Self::Plain(socket)) };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, socket);
        // A certificate that does not hold is told now, not with the first message.
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self::Encrypted(Box::new(stream)))
    }

    /// Whether the other end has not gone, as far as one can tell.
    pub(super) fn is_open(&self) -> bool {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Encrypted(stream) => &stream.sock,
        };
        let looked = socket.set_nonblocking(true).and_then(|()| socket.peek(&mut [0; 1]));
        let restored = socket.set_nonblocking(false);
        // A log server has nothing to say: whatever comes is its goodbye, or the tickets of TLS 1.3, which are taken for one.
        restored.is_ok() && looked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Writes all of it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Encrypted(stream) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }
}

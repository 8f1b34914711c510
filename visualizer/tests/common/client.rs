//! A client of the live protocol (docs/PROTOCOL.md).

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Server;

/// Its end of the connection.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection, or the status that refused it; 0 for one that was closed without an answer.
pub async fn connect(server: &Server, origin: Option<&str>) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/api/v1/ws", server.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "wireglobe.v1".parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, answer)) => {
            assert_eq!(answer.headers()["sec-websocket-protocol"], "wireglobe.v1");
            Ok(socket)
        }
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
        // Closed before an answer: no share was free.
        Err(_) => Err(0),
    }
}

/// Sends a message.
pub async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message, or the close code.
pub async fn hear(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let message =
            tokio::time::timeout(Duration::from_secs(10), socket.next()).await.expect("a message in time");
        match message {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(0),
        }
    }
}

/// The next message of a kind, which must come within ten seconds; ticks before it are acknowledged.
pub async fn hear_until(socket: &mut Socket, kind: &str) -> Value {
    let waited = tokio::time::timeout(Duration::from_secs(10), hear_kind(socket, kind)).await;
    waited.unwrap_or_else(|_| panic!("no {kind} within ten seconds"))
}

async fn hear_kind(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let message = hear(socket).await.unwrap_or_else(|code| panic!("closed with {code} before {kind}"));
        if message["type"] == "tick" && kind != "tick" {
            say(socket, json!({"type": "ack", "seq": message["seq"]})).await;
        }
        if message["type"] == kind {
            return message;
        }
    }
}

/// Greets, and is welcomed.
pub async fn greet(socket: &mut Socket) -> Value {
    say(socket, json!({"type": "hello", "v": 1})).await;
    hear_until(socket, "welcome").await
}

/// The table of a `snap`, as key → cells by column.
pub fn table(message: &Value) -> BTreeMap<String, Value> {
    let keys = message["keys"].as_array().unwrap();
    let columns = message["columns"].as_object().unwrap();
    keys.iter()
        .enumerate()
        .map(|(index, key)| {
            let cells: Value =
                columns.iter().map(|(name, cells)| (name.clone(), cells[index].clone())).collect();
            (key.as_str().unwrap().to_owned(), cells)
        })
        .collect()
}

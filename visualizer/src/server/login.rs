//! Logging in and out with a browser. The session's id is in a cookie that scripts cannot read and other sites' pages do not
//! send; it is never in an address.

use std::net::IpAddr;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::api::refuse;
use crate::access::{Denied, Who};

/// The cookie where the connection is encrypted, and where it is not. Browsers take the first only over HTTPS, for this host, from
/// it (RFC 6265bis §4.1.3.2).
pub(super) const COOKIES: [&str; 2] = ["__Host-wireglobe", "wireglobe"];

/// The address at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    name: String,
    password: String,
}

/// `POST /api/v1/login`: opens a session.
pub(super) async fn login(
    State(app): State<App>,
    Extension(Peer(from)): Extension<Peer>,
    Json(Credentials { name, password }): Json<Credentials>,
) -> Response {
    if !app.access.needs_login() {
        return refuse(StatusCode::CONFLICT, "nobody has to log in here");
    }
    let known = app.access.knows(&name);
    match app.access.log_in((name.clone(), password), from).await {
        Ok((id, who)) => {
            tracing::info!(user = name, role = who.role.name(), %from, "logged in");
            with_cookie(&app, &id, Json(document(&app, Some(&who))).into_response())
        }
        Err(denied) => {
            let user = if known { name.as_str() } else { "(unknown)" };
            failed(denied, user, from)
        }
    }
}

fn failed(denied: Denied, user: &str, from: IpAddr) -> Response {
    match denied {
        Denied::Wrong => {
            tracing::warn!(user, %from, "login failed: wrong name or password");
            refuse(StatusCode::UNAUTHORIZED, "the name or the password is wrong")
        }
        Denied::TooOften(wait) => {
            let seconds = wait.as_secs() + 1;
            tracing::warn!(user, %from, "login refused: tried too often");
            let text = format!("tried too often; try again in {seconds} s");
            ([(header::RETRY_AFTER, seconds.to_string())], refuse(StatusCode::TOO_MANY_REQUESTS, text))
                .into_response()
        }
        Denied::Fault(error) => {
            tracing::error!(user, %from, error, "login failed");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "the login could not be checked; the log says why")
        }
    }
}

/// `POST /api/v1/logout`: ends the session, and its WebSockets with it.
pub(super) async fn logout(State(app): State<App>, Extension(who): Extension<Who>) -> Response {
    if let Some(user) = app.access.log_out(&who) {
        tracing::info!(user = &*user, "logged out");
    }
    with_cookie(&app, "", StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/session`: whether one has to log in, and who one is.
pub(super) async fn session(State(app): State<App>, who: Option<Extension<Who>>) -> Json<Value> {
    Json(document(&app, who.as_deref()))
}

fn document(app: &App, who: Option<&Who>) -> Value {
    json!({
        "schema": 1,
        "login": app.access.needs_login(),
        "name": who.and_then(|who| who.name.as_deref()),
        "role": who.map(|who| who.role.name()),
    })
}

/// Sets the cookie; an empty id removes it. It ends with the browser, the session with its own times.
fn with_cookie(app: &App, id: &str, mut answer: Response) -> Response {
    let (name, more) = if app.secure { (COOKIES[0], "; Secure") } else { (COOKIES[1], "") };
    let age = if id.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{name}={id}; Path=/; HttpOnly; SameSite=Strict{more}{age}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, value);
    }
    answer
}

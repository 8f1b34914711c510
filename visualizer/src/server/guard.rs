//! Who may ask what: each route is declared with what it needs, and none is reachable without.
//!
//! A change (any method but GET and HEAD) is asked for by this server's own page or by no browser; the page of another site, whose
//! requests would carry the cookie, has another `Origin`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

use super::api::refuse;
use super::login::{COOKIES, Peer};
use super::{AllowedHosts, App};
use crate::access::{Access, Credential, Role};

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: it tells nothing of the traffic.
    Nothing,
    /// Somebody with this role.
    Role(Role),
}

/// The routes, each with what it needs.
pub(super) struct Routes {
    router: Router<App>,
    access: Arc<Access>,
    hosts: Arc<AllowedHosts>,
    /// For tests that walk them.
    declared: Vec<(&'static str, Need)>,
}

#[derive(Clone)]
struct Guard {
    access: Arc<Access>,
    hosts: Arc<AllowedHosts>,
    need: Need,
}

impl Routes {
    pub(super) fn new(access: &Arc<Access>, hosts: &Arc<AllowedHosts>) -> Self {
        let (access, hosts) = (Arc::clone(access), Arc::clone(hosts));
        Self { router: Router::new(), access, hosts, declared: Vec::new() }
    }

    /// For everybody.
    pub(super) fn anyone(self, path: &'static str, methods: MethodRouter<App>) -> Self {
        self.route(path, Need::Nothing, methods)
    }

    /// For who may look.
    pub(super) fn viewer(self, path: &'static str, methods: MethodRouter<App>) -> Self {
        self.route(path, Need::Role(Role::Viewer), methods)
    }

    /// For who may change something.
    pub(super) fn operator(self, path: &'static str, methods: MethodRouter<App>) -> Self {
        self.route(path, Need::Role(Role::Operator), methods)
    }

    fn route(mut self, path: &'static str, need: Need, methods: MethodRouter<App>) -> Self {
        let guard = Guard { access: Arc::clone(&self.access), hosts: Arc::clone(&self.hosts), need };
        self.declared.push((path, need));
        self.router = self.router.route(path, methods.route_layer(from_fn_with_state(guard, admit)));
        self
    }

    /// All of them, and what each needs.
    pub(super) fn done(self) -> (Router<App>, Vec<(&'static str, Need)>) {
        (self.router, self.declared)
    }
}

/// Lets in who may; handlers find out who it is in the request's extensions.
async fn admit(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let shown = shown(request.headers());
    let who = guard.access.who(shown);
    if let Need::Role(role) = guard.need {
        let Some(who) = &who else {
            guard.access.complain(shown, request.extensions().get::<Peer>().map(|peer| peer.0));
            return unknown();
        };
        if who.role < role {
            return refuse(StatusCode::FORBIDDEN, "this needs the role operator; you may only look");
        }
    }
    if !request.method().is_safe() && !guard.hosts.allows_origin(request.headers()) {
        return refuse(StatusCode::FORBIDDEN, "only this server's own page may do that");
    }
    if let Some(who) = who {
        request.extensions_mut().insert(who);
    }
    next.run(request).await
}

fn unknown() -> Response {
    let how = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"wireglobe\""))];
    (how, refuse(StatusCode::UNAUTHORIZED, "log in first, or show a token: Authorization: Bearer …"))
        .into_response()
}

/// What a request shows: a token, else a session's cookie.
fn shown(headers: &HeaderMap) -> Credential {
    let given = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(token) = given(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")) {
        return Credential::token(token.trim());
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = cookies.flat_map(|value| value.split(';')).filter_map(|one| one.trim().split_once('='));
    let session = cookies.find(|(name, _)| COOKIES.contains(name));
    session.map_or(Credential::None, |(_, id)| Credential::session(id))
}

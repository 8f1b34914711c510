//! Payloads for the readers of the analyzer's detectors: each must answer within the bytes, whatever they are, and a request
//! that comes in pieces must be whole where the same bytes at once are.
//!
//! Input: two bytes for a port, then the payload. This body needs the analyzer, so it stands outside of `lib.rs`, which the
//! capturer's tests share; `analyzer/tests/payloads.rs` feeds it.

use analyzer::detect::readers::{dns, escape, heartbeat, http, kerberos, lines, options, sip, smb};

/// One input.
pub fn run(input: &[u8]) {
    let (port, payload) = match input {
        [high, low, payload @ ..] => (u16::from_be_bytes([*high, *low]), payload),
        _ => (0, input),
    };
    check_http(payload);
    check_escape(payload);
    check_dns(payload);
    check_others(port, payload);
}

fn check_http(payload: &[u8]) {
    // Joining bytes never makes a whole request one that is waited for.
    if http::is_whole(payload) {
        assert!(payload.len() >= http::LONGEST || http::is_whole(&[payload, b"\n"].concat()));
    }
    if let Some(http::Message::Request(request)) = http::read(payload) {
        assert!(request.path().len() + request.query().len() <= request.target.len());
        assert!(request.target.len() + request.body.len() <= payload.len().min(http::LONGEST));
        assert!(request.fields.iter().all(|(name, value)| name.len() + value.len() < http::LONGEST));
    }
}

fn check_escape(payload: &[u8]) {
    let (mut plain, mut looked_up) = (Vec::new(), Vec::new());
    escape::plain(payload, &mut plain);
    escape::looked_up(&plain, &mut looked_up);
    assert!(looked_up.len() <= plain.len() && plain.len() <= payload.len());
    assert!(!plain.iter().any(u8::is_ascii_uppercase));
}

fn check_dns(payload: &[u8]) {
    for is_tcp in [false, true] {
        let Some(question) = dns::Question::in_payload(payload, is_tcp) else { continue };
        let (domain, rest) = question.split();
        assert!(domain.len() + rest.len() <= question.name().len() && question.name().is_ascii());
        assert!(question.addresses().count() <= question.records());
        assert!(question.carried() <= question.records() * payload.len());
        assert!(dns::entropy(question.name()) <= 800);
    }
}

fn check_others(port: u16, payload: &[u8]) {
    if let Some(message) = sip::begins(payload).then(|| sip::read(payload)).flatten() {
        message.to();
    }
    if let Some(heartbeat) = heartbeat::read(payload) {
        assert!(heartbeat.lies() || heartbeat.record >= 19);
    }
    for is_tcp in [false, true] {
        if let Some(kerberos::Message::Asks(user)) = kerberos::read(payload, is_tcp) {
            assert!(user.len() <= payload.len());
        }
    }
    for port in [port, 21, 25, 110, 143] {
        let outcome = lines::service(port, payload).and_then(|service| lines::outcome(service, payload));
        assert!(outcome.is_none() || !payload.is_empty());
    }
    lines::user(payload);
    lines::refuses(payload);
    smb::log_in(payload);
    if let Some(compressed) = smb::compressed(payload) {
        compressed.overflows();
    }
    assert!(options::hidden(payload) <= payload.len());
}

//! TLS 1.3 as far as it is readable (RFC 8446, section 4.1; RFC 6066, section 3): a whole ClientHello with server name
//! and ALPN, a whole ServerHello, and the heads of records whose inside is encrypted.

use crate::craft::random::Random;

/// A browser's suites; the first is the one that servers take.
const SUITES: [u16; 9] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];

const X25519: u16 = 0x001d;

/// A ClientHello in its record.
pub fn client_hello(random: &mut Random, name: &str, protocols: &[&str]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend(random.bytes::<32>());
    body.push(32);
    body.extend(random.bytes::<32>());
    body.extend(sized(&words(&SUITES)));
    body.extend([1, 0]); // no compression
    body.extend(sized(&client_extensions(random, name, protocols)));
    handshake_record(1, &body)
}

/// A ServerHello in its record, with the change of cipher that follows it.
pub fn server_hello(random: &mut Random) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend(random.bytes::<32>());
    body.push(32);
    body.extend(random.bytes::<32>());
    body.extend(SUITES[0].to_be_bytes());
    body.push(0);
    let mut share = X25519.to_be_bytes().to_vec();
    share.extend(sized(&random.bytes::<32>()));
    let mut extensions = extension(51, &share);
    extensions.extend(extension(43, &[3, 4]));
    body.extend(sized(&extensions));
    let mut records = handshake_record(2, &body);
    records.extend([20, 3, 3, 0, 1, 1]);
    records
}

/// What the client says when its handshake is done: change of cipher, Finished.
pub fn client_finished(random: &mut Random) -> Vec<u8> {
    let mut records = vec![20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 53];
    records.extend(random.bytes::<53>());
    records
}

/// The head of an encrypted record with `length` bytes in it, and a few of them.
pub fn sealed(random: &mut Random, length: usize) -> Vec<u8> {
    let mut head = vec![23, 3, 3];
    head.extend((length.min(16_401) as u16).to_be_bytes());
    head.extend(random.bytes::<11>());
    head
}

fn client_extensions(random: &mut Random, name: &str, protocols: &[&str]) -> Vec<u8> {
    let mut server_name = vec![0];
    server_name.extend(sized(name.as_bytes()));
    let alpn: Vec<u8> = protocols
        .iter()
        .flat_map(|protocol| [&[protocol.len() as u8], protocol.as_bytes()].concat())
        .collect();
    let mut share = X25519.to_be_bytes().to_vec();
    share.extend(sized(&random.bytes::<32>()));
    let mut extensions = extension(0, &sized(&server_name));
    extensions.extend(extension(23, &[])); // extended main secret
    extensions.extend(extension(10, &sized(&words(&[X25519, 0x0017, 0x0018]))));
    extensions.extend(extension(11, &[1, 0]));
    extensions.extend(extension(16, &sized(&alpn)));
    extensions.extend(extension(13, &sized(&words(&[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501]))));
    extensions.extend(extension(43, &[4, 3, 4, 3, 3]));
    extensions.extend(extension(45, &[1, 1]));
    extensions.extend(extension(51, &sized(&share)));
    extensions
}

fn handshake_record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut handshake = vec![kind, 0];
    handshake.extend(sized(body));
    let mut record = vec![22, 3, 1];
    record.extend(sized(&handshake));
    record
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut extension = kind.to_be_bytes().to_vec();
    extension.extend(sized(content));
    extension
}

fn sized(content: &[u8]) -> Vec<u8> {
    let mut sized = (content.len() as u16).to_be_bytes().to_vec();
    sized.extend(content);
    sized
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

//! SMB 2 (MS-SMB2, section 2.2): headers of the requests that a file server sees all day.

/// Asks for a dialect.
pub const NEGOTIATE: u16 = 0;
/// Reads from a file.
pub const READ: u16 = 8;

const HEADER: usize = 64;

/// A message with its session header (RFC 1002, section 4.3.1), `length` bytes long after that.
pub fn message(command: u16, (id, response): (u64, bool), length: usize) -> Vec<u8> {
    let mut message = (length as u32).to_be_bytes().to_vec();
    message.extend(b"\xfeSMB");
    message.extend((HEADER as u16).to_le_bytes());
    message.extend([0; 6]);
    message.extend(command.to_le_bytes());
    message.extend([1, 0, u8::from(response), 0, 0, 0, 0, 0, 0, 0]);
    message.extend(id.to_le_bytes());
    message.resize(4 + HEADER, 0);
    message.extend(body(command, response));
    message
}

fn body(command: u16, response: bool) -> Vec<u8> {
    match (command, response) {
        (NEGOTIATE, false) => {
            let mut body = vec![0; 36];
            body[0] = 36;
            body[2] = 3;
            body[4] = 1;
            body.extend([0x02, 0x02, 0x10, 0x02, 0x00, 0x03]); // 2.0.2, 2.1, 3.0
            body
        }
        (NEGOTIATE, true) => {
            let mut body = vec![0; 64];
            body[0] = 65;
            body[2] = 1;
            body[4..6].copy_from_slice(&[0x00, 0x03]);
            body
        }
        (_, false) => {
            let mut body = vec![0; 49];
            body[0] = 49;
            body[6] = 4;
            body
        }
        (_, true) => {
            let mut body = vec![0; 16];
            body[0] = 17;
            body[2] = 80;
            body
        }
    }
}

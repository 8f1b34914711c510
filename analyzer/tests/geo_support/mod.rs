//! A writer of small MaxMind DB files, so that each vendor's layout can be tested without anyone's data.
//! Format: <https://maxmind.github.io/MaxMind-DB/>.

/// A value of the data section.
pub enum Value {
    Text(&'static str),
    Short(u16),
    Number(u32),
    Long(u64),
    Double(f64),
    Map(Vec<(&'static str, Value)>),
}

/// A file: networks as bits of the tree's family and prefix length, each with its record.
pub struct File {
    pub database_type: &'static str,
    pub ip_version: u16,
    pub record_size: u16,
    pub rows: Vec<(u128, u8, Value)>,
}

#[derive(Clone, Copy)]
enum Child {
    Nothing,
    Node(usize),
    Data(usize),
}

pub fn write(file: &File) -> Vec<u8> {
    let mut nodes = vec![[Child::Nothing; 2]];
    let mut data = Vec::new();
    for (network, len, value) in &file.rows {
        let offset = data.len();
        put(&mut data, value);
        insert(&mut nodes, (*network, *len), if file.ip_version == 4 { 32 } else { 128 }, offset);
    }
    let mut bytes = Vec::new();
    for node in &nodes {
        let number = |child: Child| match child {
            Child::Nothing => nodes.len(),
            Child::Node(node) => node,
            Child::Data(offset) => nodes.len() + 16 + offset,
        };
        node_bytes(&mut bytes, node.map(number), file.record_size);
    }
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    put(&mut bytes, &metadata(file, nodes.len()));
    bytes
}

fn metadata(file: &File, nodes: usize) -> Value {
    Value::Map(vec![
        ("binary_format_major_version", Value::Short(2)),
        ("binary_format_minor_version", Value::Short(0)),
        ("build_epoch", Value::Long(1_780_272_000)),
        ("database_type", Value::Text(file.database_type)),
        ("description", Value::Map(vec![("en", Value::Text("a test"))])),
        ("ip_version", Value::Short(file.ip_version)),
        ("languages", Value::Map(vec![])),
        ("node_count", Value::Number(nodes as u32)),
        ("record_size", Value::Short(file.record_size)),
    ])
}

fn insert(nodes: &mut Vec<[Child; 2]>, network: (u128, u8), bits: u8, offset: usize) {
    let mut node = 0;
    for depth in 0..network.1 {
        let side = (network.0 >> (bits - 1 - depth) & 1) as usize;
        if depth + 1 == network.1 {
            nodes[node][side] = Child::Data(offset);
            return;
        }
        node = match nodes[node][side] {
            Child::Node(next) => next,
            _ => {
                nodes.push([Child::Nothing; 2]);
                let next = nodes.len() - 1;
                nodes[node][side] = Child::Node(next);
                next
            }
        };
    }
}

fn node_bytes(out: &mut Vec<u8>, [left, right]: [usize; 2], record_size: u16) {
    let (left, right) = ((left as u32).to_be_bytes(), (right as u32).to_be_bytes());
    match record_size {
        24 => out.extend(left[1..].iter().chain(&right[1..])),
        28 => {
            out.extend(&left[1..]);
            out.push(left[0] << 4 | right[0] & 0x0f);
            out.extend(&right[1..]);
        }
        _ => out.extend(left.iter().chain(&right)),
    }
}

fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => {
            control(out, 2, text.len());
            out.extend(text.bytes());
        }
        Value::Double(number) => {
            control(out, 3, 8);
            out.extend(number.to_be_bytes());
        }
        Value::Short(number) => {
            control(out, 5, 2);
            out.extend(number.to_be_bytes());
        }
        // An extended type: 9, written as 2.
        Value::Long(number) => {
            out.extend([8, 2]);
            out.extend(number.to_be_bytes());
        }
        Value::Number(number) => {
            control(out, 6, 4);
            out.extend(number.to_be_bytes());
        }
        // `languages` is an array; written empty, of extended type 11.
        Value::Map(entries) if entries.is_empty() => out.extend([0, 4]),
        Value::Map(entries) => {
            control(out, 7, entries.len());
            for (key, value) in entries {
                put(out, &Value::Text(key));
                put(out, value);
            }
        }
    }
}

fn control(out: &mut Vec<u8>, kind: u8, size: usize) {
    if size < 29 {
        out.push(kind << 5 | size as u8);
    } else {
        out.extend([kind << 5 | 29, (size - 29) as u8]);
    }
}

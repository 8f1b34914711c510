//! A second interpreter of classic BPF, to compare with: whole codes as they stand in Linux' `linux/filter.h`, nothing
//! shared with the library's.

use capturer::filter::bpf::Instruction;

/// Facts beside the bytes (`SKF_AD_OFF`), of which there are none here.
const BESIDE: u32 = 0xffff_f000;

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    a: u32,
    x: u32,
    memory: [Option<u32>; 16],
}

/// What `program` returns; `None` when it does what a checked program never does.
pub fn run(program: &[Instruction], bytes: &[u8]) -> Option<u32> {
    let mut machine = Machine { bytes, ..Machine::default() };
    let mut at = 0;
    loop {
        let one = *program.get(at)?;
        at += 1;
        match one.code {
            0x06 => return Some(one.k),
            0x16 => return Some(machine.a),
            0x05 => at += one.k as usize,
            code if code & 7 == 5 => at += usize::from(if machine.holds(one)? { one.jt } else { one.jf }),
            code if code & 7 == 4 => match machine.calculate(one)? {
                Some(a) => machine.a = a,
                None => return Some(0),
            },
            _ => match machine.load(one)? {
                true => {}
                false => return Some(0),
            },
        }
    }
}

impl Machine<'_> {
    fn holds(&self, Instruction { code, k, .. }: Instruction) -> Option<bool> {
        Some(match code {
            0x15 => self.a == k,
            0x1d => self.a == self.x,
            0x25 => self.a > k,
            0x2d => self.a > self.x,
            0x35 => self.a >= k,
            0x3d => self.a >= self.x,
            0x45 => self.a & k != 0,
            0x4d => self.a & self.x != 0,
            _ => return None,
        })
    }

    /// `Some(None)` for a division by zero.
    fn calculate(&self, Instruction { code, k, .. }: Instruction) -> Option<Option<u32>> {
        let operand = if code & 8 == 0 { k } else { self.x };
        let a = u64::from(self.a);
        let shift = |shifted: u64| if operand < 32 { shifted as u32 } else { 0 };
        Some(Some(match code & !8 {
            0x04 => (a + u64::from(operand)) as u32,
            0x14 => (a + (1 << 32) - u64::from(operand)) as u32,
            0x24 => (a * u64::from(operand)) as u32,
            0x34 | 0x94 if operand == 0 => return Some(None),
            0x34 => self.a / operand,
            0x94 => self.a % operand,
            0x44 => self.a | operand,
            0x54 => self.a & operand,
            0xa4 => self.a ^ operand,
            0x64 => shift(a << (operand & 31)),
            0x74 => shift(a >> (operand & 31)),
            0x84 if code == 0x84 => ((1 << 32) - a) as u32,
            _ => return None,
        }))
    }

    /// Loads, stores and moves; `false` when the bytes are not there.
    fn load(&mut self, Instruction { code, k, .. }: Instruction) -> Option<bool> {
        let length = self.bytes.len() as u32;
        let found = match code {
            0x20 | 0x28 | 0x30 if k >= BESIDE => Some(0),
            0x20 | 0x28 | 0x30 => self.read(k.into(), code),
            0x40 | 0x48 | 0x50 => self.read(u64::from(self.x) + u64::from(k), code),
            0xb1 => self.read(k.into(), 0x30).map(|byte| 4 * (byte & 15)),
            0x00 | 0x01 => Some(k),
            0x80 | 0x81 => Some(length),
            0x60 | 0x61 => Some((*self.memory.get(k as usize)?)?),
            0x02 | 0x07 => Some(self.a),
            0x03 | 0x87 => Some(self.x),
            _ => return None,
        };
        let Some(value) = found else { return Some(false) };
        match code {
            0x02 | 0x03 => *self.memory.get_mut(k as usize)? = Some(value),
            0x01 | 0x61 | 0x81 | 0xb1 | 0x07 => self.x = value,
            _ => self.a = value,
        }
        Some(true)
    }

    /// Big-endian bytes: four, two or one of them.
    fn read(&self, at: u64, code: u16) -> Option<u32> {
        let width = match code & 0x18 {
            0x00 => 4,
            0x08 => 2,
            _ => 1,
        };
        let at = usize::try_from(at).ok()?;
        let bytes = self.bytes.get(at..at.checked_add(width)?)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }
}

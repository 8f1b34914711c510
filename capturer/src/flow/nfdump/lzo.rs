//! LZO1X, unpacked: the stream as the Linux kernel's documentation of it (`Documentation/staging/lzo.rst`) describes it.
//! Literals and matches alternate; each match tells in two bits how many literals (0 to 3) follow it, and those decide
//! what a small instruction means next. Every length and distance is checked.

/// Why a stream cannot be unpacked further, and how much of it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// Bytes that were unpacked before.
    pub(super) written: usize,
    pub(super) why: &'static str,
}

const CUT: &str = "it ends too early";
const FULL: &str = "it unpacks to more than a block may hold";
const FAR: &str = "it repeats what lies before its beginning";

/// Unpacks `packed` into `out`; the number of bytes written.
pub(super) fn unpack(packed: &[u8], out: &mut [u8]) -> Result<usize, Broken> {
    let mut stream = Stream { packed, out, at: 0, written: 0 };
    match stream.run() {
        Ok(()) => Ok(stream.written),
        Err(why) => Err(Broken { written: stream.written, why }),
    }
}

struct Stream<'a> {
    packed: &'a [u8],
    out: &'a mut [u8],
    at: usize,
    written: usize,
}

/// A match: so many bytes from so far back, then so many literals.
struct Match {
    length: usize,
    distance: usize,
    literals: usize,
}

/// After a run of literals of their own, which is no match's tail.
const AFTER_RUN: usize = 4;

/// The distance that M4 instructions count from; with nothing added it is the end of the stream.
const M4_BASE: usize = 16_384;

impl Stream<'_> {
    fn run(&mut self) -> Result<(), &'static str> {
        let mut literals = self.opening()?;
        loop {
            let instruction = self.byte()?;
            if instruction < 16 && literals == 0 {
                let count = self.length(instruction, 15)? + 3;
                self.literals(count)?;
                literals = AFTER_RUN;
                continue;
            }
            let found = self.found(instruction, literals)?;
            if found.distance == M4_BASE && (16..32).contains(&instruction) {
                return Ok(());
            }
            self.repeat(&found)?;
            self.literals(found.literals)?;
            literals = found.literals;
        }
    }

    /// A first byte above 17 is a run of literals.
    fn opening(&mut self) -> Result<usize, &'static str> {
        match self.packed.first() {
            Some(first @ 18..) => {
                let count = usize::from(first - 17);
                self.at = 1;
                self.literals(count)?;
                Ok(count.min(AFTER_RUN))
            }
            _ => Ok(0),
        }
    }

    fn found(&mut self, instruction: u8, literals: usize) -> Result<Match, &'static str> {
        let low = usize::from(instruction >> 2 & 3);
        Ok(match instruction {
            0..16 => {
                let high = usize::from(self.byte()?) << 2;
                let (length, base) = if literals == AFTER_RUN { (3, 2049) } else { (2, 1) };
                Match { length, distance: high + low + base, literals: usize::from(instruction & 3) }
            }
            16..32 => {
                let length = self.length(instruction & 7, 7)? + 2;
                let (distance, literals) = self.pair()?;
                let high = usize::from(instruction & 8) << 11;
                Match { length, distance: M4_BASE + high + distance, literals }
            }
            32..64 => {
                let length = self.length(instruction & 31, 31)? + 2;
                let (distance, literals) = self.pair()?;
                Match { length, distance: distance + 1, literals }
            }
            64.. => {
                let high = usize::from(self.byte()?) << 3;
                let distance = high + usize::from(instruction >> 2 & 7) + 1;
                Match {
                    length: usize::from(instruction >> 5) + 1,
                    distance,
                    literals: usize::from(instruction & 3),
                }
            }
        })
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        let byte = *self.packed.get(self.at).ok_or(CUT)?;
        self.at += 1;
        Ok(byte)
    }

    /// A distance of 14 bits and the number of literals that follow.
    fn pair(&mut self) -> Result<(usize, usize), &'static str> {
        let pair = u16::from_le_bytes([self.byte()?, self.byte()?]);
        Ok((usize::from(pair >> 2), usize::from(pair & 3)))
    }

    /// A length that is `most` and more when its field is 0: each zero byte adds 255, the last byte itself.
    fn length(&mut self, field: u8, most: usize) -> Result<usize, &'static str> {
        if field != 0 {
            return Ok(usize::from(field));
        }
        let mut length = most;
        loop {
            let byte = self.byte()?;
            if byte != 0 {
                return Ok(length + usize::from(byte));
            }
            length += 255;
        }
    }

    fn literals(&mut self, count: usize) -> Result<(), &'static str> {
        let from = self.packed.get(self.at..self.at + count).ok_or(CUT)?;
        let to = self.out.get_mut(self.written..self.written + count).ok_or(FULL)?;
        to.copy_from_slice(from);
        self.at += count;
        self.written += count;
        Ok(())
    }

    /// Bytes that are repeated may be written by the same match.
    fn repeat(&mut self, found: &Match) -> Result<(), &'static str> {
        let from = self.written.checked_sub(found.distance).ok_or(FAR)?;
        let end = self.written + found.length;
        if end > self.out.len() {
            return Err(FULL);
        }
        if found.distance >= found.length {
            self.out.copy_within(from..from + found.length, self.written);
        } else {
            for at in self.written..end {
                self.out[at] = self.out[at - found.distance];
            }
        }
        self.written = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(packed: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut out = vec![0; 64];
        unpack(packed, &mut out).map(|written| out[..written].to_vec())
    }

    const END: [u8; 3] = [0x11, 0, 0];

    #[test]
    fn literals_come_as_they_are() {
        assert_eq!(unpacked(&[&[17 + 5][..], b"hello", &END].concat()).unwrap(), b"hello");
        assert_eq!(unpacked(&[&[2][..], b"hello", &END].concat()).unwrap(), b"hello");
    }

    #[test]
    fn a_match_may_repeat_what_it_writes() {
        // M2 of 8 bytes from one byte back.
        assert_eq!(
            unpacked(&[&[17 + 4][..], b"abcd", &[7 << 5, 0], &END].concat()).unwrap(),
            b"abcddddddddd"
        );
        // M3 of 33 and more bytes from two bytes back, then one literal.
        let packed = [&[17 + 4][..], b"abcd", &[32, 1, 1 << 2 | 1, 0], b"x", &END].concat();
        assert_eq!(unpacked(&packed).unwrap(), [&b"abcd"[..], &b"cd".repeat(17), b"x"].concat());
    }

    #[test]
    fn what_small_instructions_mean_depends_on_the_literals_before() {
        // Two literals after a match, then two bytes from three back.
        let packed = [&[17 + 4][..], b"abcd", &[2 << 5 | 2, 0], b"xy", &[2 << 2, 0], &END].concat();
        assert_eq!(unpacked(&packed).unwrap(), b"abcddddxydx");
    }

    #[test]
    fn broken_streams_say_so_and_keep_what_they_gave() {
        for (packed, written, why) in [
            (&[][..], 0, CUT),
            (&[17 + 4, b'a'], 0, CUT),
            (&[17 + 4, b'a', b'b', b'c', b'd'], 4, CUT),
            (&[17 + 4, b'a', b'b', b'c', b'd', 7 << 5, 1], 4, FAR),
            (&[17 + 4, b'a', b'b', b'c', b'd', 32, 0, 0, 0, 0, 0], 4, CUT),
            (&[17 + 4, b'a', b'b', b'c', b'd', 32, 255, 0, 0], 4, FULL),
        ] {
            assert_eq!(unpacked(packed), Err(Broken { written, why }));
        }
    }
}

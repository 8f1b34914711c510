//! Tables as they lie in memory, one column behind the other: the build script lays the bundled ones out, so that the program
//! has nothing to unpack when it starts, and a page of them that nobody asks for is never read from the disk.
//!
//! A column is its length in bytes (64 bits), its elements in the order of bytes of the machine that will read them, and zeros
//! up to the next multiple of eight.

use std::borrow::Cow;

use bytemuck::{AnyBitPattern, NoUninit, Pod};

use super::pack::NotATable;

/// Every column begins at a multiple of so many bytes.
const ALIGNMENT: usize = 8;

/// Bytes that begin where any element may.
#[repr(C, align(8))]
pub struct Aligned<B: ?Sized>(pub B);

/// Writes columns.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// Whether the machine that will read them has the other order of bytes.
    swapped: bool,
}

impl Writer {
    /// For a machine that has the other order of bytes, or not.
    pub const fn new(swapped: bool) -> Self {
        Self { out: Vec::new(), swapped }
    }

    /// Adds a column.
    pub fn column<T: NoUninit>(&mut self, elements: &[T]) {
        let bytes: &[u8] = bytemuck::cast_slice(elements);
        self.put(&(bytes.len() as u64).to_ne_bytes(), size_of::<u64>());
        self.put(bytes, size_of::<T>());
        self.out.resize(self.out.len().next_multiple_of(ALIGNMENT), 0);
    }

    /// All of them.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn put(&mut self, bytes: &[u8], size: usize) {
        if self.swapped {
            self.out.extend(bytes.chunks(size).flat_map(|element| element.iter().rev()));
        } else {
            self.out.extend_from_slice(bytes);
        }
    }
}

/// Columns to take, in the order they were written.
#[derive(Clone, Copy, Debug)]
pub struct Columns(&'static [u8]);

impl Columns {
    /// Those of bytes that are part of the program.
    pub const fn new(bytes: &'static Aligned<[u8]>) -> Self {
        Self(&bytes.0)
    }

    /// The next column.
    pub fn column<T: AnyBitPattern + Pod>(&mut self) -> Result<Cow<'static, [T]>, NotATable> {
        const SHORT: NotATable = NotATable::new("a column ends early");
        let (len, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        let len = u64::from_ne_bytes(*len) as usize;
        let column = rest.get(..len).ok_or(SHORT)?;
        self.0 = rest.get(len.next_multiple_of(ALIGNMENT)..).ok_or(SHORT)?;
        let elements = bytemuck::try_cast_slice(column);
        elements.map(Cow::Borrowed).map_err(|_| NotATable::new("a column has other elements"))
    }

    /// The next column, of one number.
    pub fn number(&mut self) -> Result<u64, NotATable> {
        self.column()?.first().copied().ok_or(NotATable::new("a number is missing"))
    }

    /// The next column, of text.
    pub fn text(&mut self) -> Result<String, NotATable> {
        String::from_utf8(self.column()?.into_owned()).map_err(|_| NotATable::new("a column is no text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(bytes: &[u8]) -> &'static Aligned<[u8]> {
        let mut all = Box::new(Aligned([0; 256]));
        all.0[..bytes.len()].copy_from_slice(bytes);
        Box::leak(all)
    }

    #[test]
    fn columns_come_back_in_their_order() {
        let mut writer = Writer::new(false);
        writer.column(b"2026-06-17");
        writer.column(&[1_u16, 2, 3]);
        writer.column::<u64>(&[]);
        writer.column(&[u64::MAX]);
        let mut columns = Columns::new(aligned(&writer.finish()));
        assert_eq!(columns.text().unwrap(), "2026-06-17");
        assert_eq!(*columns.column::<u16>().unwrap(), [1, 2, 3]);
        assert!(columns.column::<u64>().unwrap().is_empty());
        assert_eq!(*columns.column::<u64>().unwrap(), [u64::MAX]);
    }

    #[test]
    fn what_is_no_column_is_refused() {
        let mut writer = Writer::new(false);
        writer.column(&[1_u8, 2, 3]);
        let bytes = writer.finish();
        assert!(Columns::new(aligned(&bytes)).column::<u16>().is_err(), "three bytes are no 16-bit numbers");
        assert!(Columns(&aligned(&bytes).0[..9]).column::<u8>().is_err());
        assert!(Columns(&aligned(&bytes).0[..3]).column::<u8>().is_err());
    }

    #[test]
    fn for_another_machine_each_element_is_turned_round() {
        let mut writer = Writer::new(true);
        writer.column(&[0x0102_u16, 0x0304]);
        let bytes = writer.finish();
        assert_eq!(bytes[..8], 4_u64.swap_bytes().to_ne_bytes());
        assert_eq!(
            bytes[8..12],
            [0x0102_u16.swap_bytes(), 0x0304_u16.swap_bytes()].map(u16::to_ne_bytes).concat()
        );
    }
}

//! What nfdump's tools write: nfcapd files, read by ourselves, and text ([`TextReader`]). Known by content; layout 1 (nfdump 1.6) and layout 2
//! (1.7), in either byte order, blocks as they are or packed by LZO, bzip2, LZ4 or Zstandard.
//!
//! The layouts are nfdump's `nffile.h`, `nffileV2.h`, `nfx.h` and `nfxV3.h`, and what its programs write. Memory is flat:
//! two blocks. Nothing is allocated per record. A record that is not as it should be ends the reading; all before it
//! was given.

mod blocks;
mod elements;
mod exporters;
mod fields;
mod lzo;
mod maps;
mod packing;
mod text;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use blocks::Layout;
pub use text::TextReader;

use super::FlowRecord;
use crate::source::SourceError;
use blocks::Blocks;
use exporters::{EXPORTER, Exporters, SAMPLER, SAMPLER_BEFORE};
use fields::Fields;
use maps::Maps;

/// `TYPE_IDENT` of layout 2.
const IDENT: u16 = 0x8001;

/// The longest label that is kept: that of layout 1.
const MAX_IDENT: usize = 128;

/// Whether a file that begins so is an nfcapd file; two bytes are enough.
pub fn is_nfcapd(first: &[u8]) -> bool {
    blocks::is_magic(first)
}

/// Flows out of one nfcapd file.
pub struct Reader<R> {
    blocks: Blocks<R>,
    /// Where the next record begins in the block.
    at: usize,
    exporters: Exporters,
    maps: Maps,
    ident: String,
}

impl Reader<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// The system refuses, or it is no nfcapd file that we read.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(|cause| SourceError::Io { path: path.into(), cause })?;
        Self::new(path, file)
    }
}

impl<R: Read> Reader<R> {
    /// Reads `input`, which messages call `path`.
    ///
    /// # Errors
    /// It cannot be read, or is no nfcapd file of a layout, compression and encryption that we read.
    pub fn new(path: impl Into<PathBuf>, input: R) -> Result<Self, SourceError> {
        Ok(Self {
            blocks: Blocks::new(path.into(), input)?,
            at: 0,
            exporters: Exporters::default(),
            maps: Maps::default(),
            ident: String::new(),
        })
    }

    /// The next flow; none at the end.
    ///
    /// # Errors
    /// The file cannot be read further, or a block or record is not what the format demands. It ends there.
    pub fn next_flow(&mut self) -> Result<Option<FlowRecord>, SourceError> {
        loop {
            while let Some((at, length)) = self.next_record()? {
                if let Some(flow) = self.take(at, length)? {
                    return Ok(Some(flow));
                }
            }
            self.at = 0;
            if !self.blocks.advance()? {
                return Ok(None);
            }
        }
    }

    /// Whether the file ended within a block: somebody is writing it, or it was cut.
    pub fn is_cut(&self) -> bool {
        self.blocks.is_cut()
    }

    /// The label of its source, once the file is read; empty without one.
    pub fn ident(&self) -> &str {
        &self.ident
    }

    /// Which layout it has.
    pub fn layout(&self) -> Layout {
        self.blocks.layout
    }

    /// Place and length of the block's next record; what was cut off is none.
    fn next_record(&mut self) -> Result<Option<(usize, usize)>, SourceError> {
        let at = self.at;
        let rest = self.fields(at);
        let (length, left) = (usize::from(rest.u16(2)), rest.bytes.len());
        if left == 0 {
            return Ok(None);
        }
        if self.is_cut() && (left < 4 || length > left) {
            self.at += left;
            return Ok(None);
        }
        if length < 4 || length > left {
            let found = format!("one of {length} with {left} bytes to go");
            return Err(self.blocks.damaged(at, "a record of 4 bytes or more within its block", found));
        }
        self.at += length;
        Ok(Some((at, length)))
    }

    fn fields(&self, at: usize) -> Fields<'_> {
        Fields { bytes: self.blocks.records(), order: self.blocks.order }.from(at)
    }

    /// Takes a record; gives the flow if it is one.
    fn take(&mut self, at: usize, length: usize) -> Result<Option<FlowRecord>, SourceError> {
        let order = self.blocks.order;
        let record = Fields { bytes: &self.blocks.records()[at..at + length], order };
        match record.u16(0) {
            elements::RECORD => {
                let flow = elements::flow(record, &self.exporters);
                return flow.map(Some).map_err(|(within, found)| {
                    self.blocks.damaged(at + within, "elements of 4 bytes or more within their record", found)
                });
            }
            maps::COMMON | maps::COMMON_BEFORE => {
                let flow = maps::flow(record, &self.maps, &self.exporters);
                return flow.map(Some).map_err(|found| {
                    self.blocks.damaged(at + 6, "an extension map that stands before it", found)
                });
            }
            maps::MAP => self.maps.learn(record).map_err(|found| {
                self.blocks.damaged(at, "no more extension maps than nfdump makes", found)
            })?,
            EXPORTER => self.exporters.learn(record),
            SAMPLER_BEFORE => self.exporters.sample_before(record),
            SAMPLER => self.exporters.sample(record),
            IDENT => {
                let text = record.from(4).first(MAX_IDENT).bytes;
                let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
                self.ident = String::from_utf8_lossy(&text[..end]).into_owned();
            }
            _ => {}
        }
        Ok(None)
    }
}

//! A disk that keeps apart what is synced and what is not. It promises what SQLite asks of one: a sync makes a file's bytes stay, a
//! sync of the folder which files there are; a sector is written whole or not at all, and no other byte changes. It promises
//! nothing else: what is not synced may stay or go in any order, sector by sector.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::trace::Act;

/// Bytes that are written whole or not at all.
const SECTOR: usize = 512;

/// What a power cut takes of what is not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    All,
    Nothing,
    /// Some, by a seed.
    Some(u64),
}

/// A change of a file that is not synced.
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Default)]
pub(super) struct Disk {
    files: Vec<File>,
    /// Where the files of the folder are.
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
}

impl Disk {
    pub(super) fn take(&mut self, act: &Act) {
        match act {
            Act::Open(name) => {
                let next = self.files.len();
                if *self.names.entry(name.clone()).or_insert(next) == next {
                    self.files.push(File::default());
                }
            }
            Act::Write(name, at, bytes) => self.file(name).changes.push(Change::Write(*at, bytes.clone())),
            Act::Cut(name, length) => self.file(name).changes.push(Change::Cut(*length)),
            Act::Remove(name) => drop(self.names.remove(name)),
            Act::Sync(name) => {
                let file = self.file(name);
                file.synced = file.left(&mut |_| true);
                file.changes.clear();
            }
            Act::SyncFolder => self.synced_names = self.names.clone(),
            Act::Told(_) => {}
        }
    }

    fn file(&mut self, name: &str) -> &mut File {
        &mut self.files[self.names[name]]
    }

    /// Whether anything is not synced.
    pub(super) fn has_to_lose(&self) -> bool {
        self.names != self.synced_names || self.names.values().any(|&at| !self.files[at].changes.is_empty())
    }

    /// Writes what a power cut now would leave.
    pub(super) fn leave(&self, loss: Loss, place: &Path) {
        let mut random = match loss {
            Loss::Some(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            Loss::All | Loss::Nothing => 1,
        };
        let mut stays = |_: usize| match loss {
            Loss::All => false,
            Loss::Nothing => true,
            Loss::Some(_) => {
                // Marsaglia's xorshift64.
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random >> 63 == 0
            }
        };
        let _ = fs::remove_dir_all(place);
        fs::create_dir(place).unwrap();
        let mut all: Vec<&String> = self.names.keys().chain(self.synced_names.keys()).collect();
        all.dedup();
        for name in all {
            let (now, synced) = (self.names.get(name), self.synced_names.get(name));
            let at = if now == synced || stays(0) { now } else { synced };
            if let Some(&at) = at {
                fs::write(place.join(name), self.files[at].left(&mut stays)).unwrap();
            }
        }
        if matches!(loss, Loss::Some(_)) {
            // The journal's index is never synced, so after a power cut it may hold anything.
            fs::write(place.join(format!("{}-shm", super::FILE)), [0x5a; 32 << 10]).unwrap();
        }
    }
}

impl File {
    /// Its bytes with those changes that stay.
    fn left(&self, stays: &mut dyn FnMut(usize) -> bool) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for change in &self.changes {
            match change {
                Change::Cut(length) if stays(0) => bytes.resize(*length, 0),
                Change::Cut(_) => {}
                Change::Write(at, written) => {
                    let (mut from, end) = (*at, at + written.len());
                    while from < end {
                        let to = end.min((from / SECTOR + 1) * SECTOR);
                        if stays(from) {
                            bytes.resize(bytes.len().max(to), 0);
                            bytes[from..to].copy_from_slice(&written[from - at..to - at]);
                        }
                        from = to;
                    }
                }
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_synced_may_be_lost_and_the_rest_is_not() {
        let mut disk = Disk::default();
        let (a, b) = (|| "a".to_owned(), || "b".to_owned());
        let acts = [Act::Open(a()), Act::Write(a(), 0, vec![1; 600]), Act::Sync(a()), Act::SyncFolder];
        acts.iter().for_each(|act| disk.take(act));
        assert!(!disk.has_to_lose());
        let acts = [Act::Write(a(), 500, vec![2; 600]), Act::Open(b()), Act::Sync(b())];
        acts.iter().for_each(|act| disk.take(act));
        assert!(disk.has_to_lose());
        let place = super::super::folder("disk");
        let left = |loss| {
            disk.leave(loss, &place.join("left"));
            (fs::read(place.join("left/a")).unwrap(), place.join("left/b").exists())
        };
        assert_eq!(left(Loss::All), (vec![1; 600], false));
        let whole = [vec![1; 500], vec![2; 600]].concat();
        assert_eq!(left(Loss::Nothing), (whole.clone(), true));
        for seed in 0..20 {
            let (bytes, _) = left(Loss::Some(seed));
            let fits = |range: std::ops::Range<usize>| {
                let part = bytes.get(range.clone()).unwrap_or_default();
                part == &whole[range] || part.iter().all(|&byte| byte < 2)
            };
            assert!(bytes[..500] == [1; 500] && fits(500..512) && fits(512..600), "{seed}");
        }
        fs::remove_dir_all(place).unwrap();
    }
}

use crate::error::{at, plain};
use crate::locked::Locked;
use crate::platform;
use async_trait::async_trait;
use machine_core::{ErrorKind, Journal, Record, Result, resources};
use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

/// A machine's journal is at most this long.
const MAX_JOURNAL: u64 = 16 << 20;

/// What a journal needs of its file, so that tests can fill the disk.
trait Media: Write + Send + fmt::Debug {
    /// Shortens the file, and goes to its end.
    fn set_len(&mut self, len: u64) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
}

impl Write for Locked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&**self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&**self).flush()
    }
}

impl Media for Locked {
    fn set_len(&mut self, len: u64) -> io::Result<()> {
        File::set_len(self, len)?;
        (&**self).seek(SeekFrom::Start(len)).map(drop)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

#[derive(Debug)]
struct Inner {
    /// None once the journal is dropped.
    file: Option<Box<dyn Media>>,
    /// Length of what is acknowledged.
    len: u64,
    records: Vec<Record>,
    poisoned: bool,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    inner: Mutex<Inner>,
    /// Whether a write is under way, for [`Drop`].
    busy: Mutex<bool>,
    idle: Condvar,
}

/// One JSON object per line, synced per line, under an exclusive lock, mode 0600.
///
/// Lines are never rewritten, so those of a newer version stay as they are. Dropping an append
/// that has begun does not undo it: the next look at the journal waits for it.
#[derive(Debug)]
pub struct FileJournal {
    shared: Arc<Shared>,
    /// Appends and reads happen in the order in which they were asked for.
    turns: Arc<Turns<()>>,
}

impl FileJournal {
    /// Opens or creates the journal, and drops a last line that a power cut tore.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when another holds it; any other on I/O failure.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = locked_file(path)?;
        platform::set_mode_of(&file, platform::PRIVATE).map_err(at("chmod", path))?;
        let mut bytes = Vec::new();
        (&*file).take(MAX_JOURNAL + 1).read_to_end(&mut bytes).map_err(at("read", path))?;
        if bytes.len() as u64 > MAX_JOURNAL {
            let text = format!("{} is longer than {MAX_JOURNAL} bytes", path.display());
            return Err(plain(ErrorKind::Other, text));
        }
        let (len, records) = whole_lines(&bytes);
        Media::set_len(&mut file, len).and_then(|()| file.sync_all()).map_err(at("write", path))?;
        if let Some(folder) = path.parent() {
            platform::sync_folder(folder).map_err(at("sync", folder))?; // the name must survive too
        }
        Ok(Self::over(path, Box::new(file), len, records))
    }

    /// What is in a journal, whoever holds it; nothing where there is none. Never writes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Vec<Record>> {
        match platform::read(path, MAX_JOURNAL) {
            Ok(bytes) => Ok(whole_lines(&bytes).1),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(at("read", path)(e)),
        }
    }

    /// Gives the journal back, and removes its file when every record is settled: the answer.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn close(self) -> Result<bool> {
        let records = self.records().await?;
        if resources(&records).iter().any(|resource| resource.open) {
            return Ok(false);
        }
        let path = &self.shared.path;
        std::fs::remove_file(path).map_err(at("remove", path))?;
        Ok(true)
    }

    fn over(path: &Path, file: Box<dyn Media>, len: u64, records: Vec<Record>) -> Self {
        let inner = Mutex::new(Inner { file: Some(file), len, records, poisoned: false });
        let (path, busy, idle) = (path.to_owned(), Mutex::new(false), Condvar::new());
        Self { shared: Arc::new(Shared { path, inner, busy, idle }), turns: Arc::default() }
    }
}

fn locked_file(path: &Path) -> Result<Locked> {
    loop {
        let file = match platform::open_or_create(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().unwrap_or(Path::new("."));
                platform::create_folder(folder).map_err(at("mkdir", folder))?;
                platform::open_or_create(path)
            }
            other => other,
        };
        let file = file.map_err(at("open", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = format!("{} is in use by another command", path.display());
                return Err(plain(ErrorKind::Conflict, text));
            }
            // The machine's own lock did without as well.
            Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(e)) => return Err(at("lock", path)(e)),
        }
        // Its last holder may have removed it.
        if platform::is_still(&file, path).map_err(at("stat", path))? {
            return Ok(Locked::new(file));
        }
    }
}

/// A torn line was never acknowledged, so its call was never made.
fn whole_lines(bytes: &[u8]) -> (u64, Vec<Record>) {
    let mut end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    // Blocks reach the disk in any order: a last line with its end but not its middle, which then
    // is zero, is torn too. One that is damaged otherwise was acknowledged, and stays.
    let last = bytes[..end].split_inclusive(|b| *b == b'\n').next_back().unwrap_or_default();
    if last.contains(&0) {
        end -= last.len();
    }
    let text = String::from_utf8_lossy(&bytes[..end]);
    // Not `lines`: a record that is not understood is kept to the last byte.
    (end as u64, text.split_terminator('\n').map(Record::from_line).collect())
}

impl Inner {
    fn append(&mut self, path: &Path, record: Record) -> Result<()> {
        let refused = |why| plain(ErrorKind::Other, format!("write {}: {why}", path.display()));
        if self.poisoned {
            return Err(refused("an earlier write failed and could not be taken back"));
        }
        let file = self.file.as_mut().ok_or_else(|| refused("it is closed"))?;
        let line = record.to_line() + "\n";
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync());
        if let Err(e) = written {
            // Take the partial line back: the next one would be glued to it.
            let undone = file.set_len(self.len).and_then(|()| file.sync());
            self.poisoned = undone.is_err();
            return Err(at("write", path)(e));
        }
        self.len += line.len() as u64;
        self.records.push(record);
        Ok(())
    }
}

/// A write that is under way, or waits for a thread.
struct Turn {
    shared: Arc<Shared>,
    _order: OwnedMutexGuard<()>,
}

impl Turn {
    fn write(self, record: Record) -> Result<()> {
        locked(&self.shared.inner).append(&self.shared.path, record)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *locked(&self.shared.busy) = false;
        self.shared.idle.notify_all();
    }
}

#[async_trait]
impl Journal for FileJournal {
    async fn append(&self, record: Record) -> Result<()> {
        let order = Arc::clone(&self.turns).lock_owned().await;
        *locked(&self.shared.busy) = true;
        let turn = Turn { shared: Arc::clone(&self.shared), _order: order };
        match Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn_blocking(move || turn.write(record)).await.map_err(|_| {
                    let text = format!("write {}: the program ends", self.shared.path.display());
                    plain(ErrorKind::Other, text)
                })?
            }
            Err(_) => turn.write(record),
        }
    }

    async fn records(&self) -> Result<Vec<Record>> {
        let _order = self.turns.lock().await;
        Ok(locked(&self.shared.inner).records.clone())
    }
}

impl Drop for FileJournal {
    /// The lock must be free once the journal is dropped: whoever carries on opens it again.
    fn drop(&mut self) {
        let mut busy = locked(&self.shared.busy);
        while *busy {
            busy = self.shared.idle.wait(busy).unwrap_or_else(PoisonError::into_inner);
        }
        locked(&self.shared.inner).file = None;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Laws of the file.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use super::*;

    /// Whatever stands in the file, no whole line but the last is lost, and what was read is written
    /// again as it stood.
    pub fn journal(bytes: &[u8]) {
        let (end, records) = whole_lines(bytes);
        let kept = &bytes[..usize::try_from(end).expect("a length")];
        assert!(kept.is_empty() || kept.ends_with(b"\n"));
        let lines = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count();
        assert!(records.len() == lines(kept) && records.len() + 1 >= lines(bytes));
        let text: String = records.iter().map(|record| record.to_line() + "\n").collect();
        let (_, again) = whole_lines(text.as_bytes());
        assert!(records.starts_with(&again) && records.len() <= again.len() + 1);
        let all = resources(&records);
        for record in &records {
            if let Record::Unknown { key: Some(key), .. } = record {
                assert!(all.iter().any(|resource| resource.intent.key == *key));
            }
        }
    }
}

#[cfg(test)]
mod tests;

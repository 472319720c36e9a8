use super::layout::Store;
use crate::error::{at, plain};
use crate::locked::Locked;
use crate::platform;
use machine_core::{ErrorKind, Result};
use std::borrow::Cow;
use std::fs::TryLockError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What a lock guards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LockName<'a> {
    /// One machine, which need not exist yet.
    Machine(&'a str),
    /// A machine whose driver is making it, for its keeper beside the machine's own.
    Keeper(&'a str),
    /// The certificate authority and the client's certificate.
    Authority,
    /// The whole store, for what looks at all machines.
    Store,
}

impl LockName<'_> {
    fn file(self) -> String {
        match self {
            Self::Machine(name) => format!("machine-{}.lock", short(name)),
            Self::Keeper(name) => format!("keeper-{}.lock", short(name)),
            Self::Authority => "authority.lock".to_owned(),
            Self::Store => "store.lock".to_owned(),
        }
    }
}

/// A name that leaves room for the rest of a file's.
fn short(name: &str) -> Cow<'_, str> {
    if name.len() <= 200 {
        return name.into();
    }
    let start = name.char_indices().take_while(|(at, _)| *at < 150).last();
    let end = start.map_or(0, |(at, c)| at + c.len_utf8());
    format!("{}-{:016x}", &name[..end], fnv(name)).into()
}

/// The same in every version: two that differ would not keep each other out.
fn fnv(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// A lock that is held until it is dropped. It ends with the process, however that dies.
#[derive(Debug)]
#[must_use = "dropping it gives the lock back"]
pub struct Lock {
    file: Locked,
    path: PathBuf,
}

impl Lock {
    /// Removes the lock's file and gives the lock back: for what the lock guards no longer.
    ///
    /// Those who wait for it notice, and make a new one.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn unlink(self) -> Result<()> {
        let removed = platform::remove_lock_file(&self.path).map_err(at("remove", &self.path));
        drop(self.file);
        removed
    }
}

impl Store {
    /// Waits for a lock; dropping the future ends the wait. `waiting` is called once, when another
    /// holds the lock.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a name that no machine can have; when the store cannot be
    /// written.
    pub async fn lock(&self, what: LockName<'_>, waiting: &(dyn Fn() + Sync)) -> Result<Lock> {
        let (mut pause, mut told) = (Duration::from_millis(5), false);
        loop {
            if let Some(lock) = self.try_lock(what)? {
                return Ok(lock);
            }
            if !told {
                waiting();
                told = true;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_millis(200));
        }
    }

    /// Takes a lock unless another holds it.
    ///
    /// # Errors
    /// As [`Store::lock`].
    pub fn try_lock(&self, what: LockName<'_>) -> Result<Option<Lock>> {
        if let LockName::Machine(name) | LockName::Keeper(name) = what {
            Self::check_name(name)?;
        }
        let folder = self.root().join("locks");
        let path = folder.join(what.file());
        loop {
            let file = match platform::open_or_create(&path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    platform::create_folder(&folder).map_err(at("mkdir", &folder))?;
                    platform::open_or_create(&path)
                }
                other => other,
            };
            let file = file.map_err(at("open", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {
                    tracing::warn!(path = %path.display(), "this file system knows no locks");
                }
                Err(TryLockError::Error(e)) => return Err(at("lock", &path)(e)),
            }
            // Whoever held it may have removed the file: then this is a lock on nothing.
            if platform::is_still(&file, &path).map_err(at("stat", &path))? {
                return Ok(Some(Lock { file: Locked::new(file), path }));
            }
        }
    }

    /// Whether another holds the lock. Never writes.
    #[cfg(feature = "full")]
    pub(crate) fn is_locked(&self, what: LockName<'_>) -> bool {
        let path = self.root().join("locks").join(what.file());
        let Ok(file) = std::fs::File::open(path) else { return false };
        let file = Locked::new(file);
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Whether the lock's file is there, held or not.
    #[cfg(feature = "full")]
    pub(crate) fn has_lock_file(&self, what: LockName<'_>) -> bool {
        self.root().join("locks").join(what.file()).exists()
    }

    /// Removes the file of a lock that nobody can hold now.
    #[cfg(feature = "full")]
    pub(crate) fn discard(&self, what: LockName<'_>) {
        platform::remove_lock_file(&self.root().join("locks").join(what.file())).ok();
    }

    pub(crate) fn check_name(name: &str) -> Result<()> {
        if Self::is_name(name) { Ok(()) } else { Err(Self::missing(name)) }
    }

    pub(crate) fn missing(name: &str) -> machine_core::Error {
        let text = format!(
            "Docker machine {name:?} does not exist. Use \"docker-machine ls\" to list machines. Use \"docker-machine create\" to add a new one."
        );
        plain(ErrorKind::NotFound, text)
    }
}

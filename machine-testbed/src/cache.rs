//! Folders of the test bed, and who owns what in them.

use std::env;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::platform;

/// The cache (kept) and the run folder (gone with a reboot).
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    pub(crate) root: PathBuf,
    pub(crate) run: PathBuf,
    /// Tells the things of this cache from another's in names that are machine-wide.
    pub(crate) id: String,
}

/// Held for the life of a process: as long as it is locked, the process's hosts are in use.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) name: String,
    _lock: File,
    _user: File,
}

impl Cache {
    pub(crate) fn open() -> Result<Self> {
        let root = folder()?;
        fs::create_dir_all(&root)
            .map_err(Error::doing(format!("cannot make {}", root.display())))?;
        let root =
            root.canonicalize().map_err(Error::doing(format!("cannot open {}", root.display())))?;
        let id = format!("{:08x}", hash(root.as_os_str().as_encoded_bytes()) as u32);
        // Sockets live here: a socket's path may have 107 bytes, which a cache folder soon fills.
        let run = PathBuf::from(format!("/run/machine-testbed-{id}"));
        let cache = Self { root, run, id };
        for folder in [&cache.hosts(), &cache.owners(), &cache.run] {
            fs::create_dir_all(folder)
                .map_err(Error::doing(format!("cannot make {}", folder.display())))?;
        }
        platform::set_mode(&cache.root, 0o700)
            .and_then(|()| platform::set_mode(&cache.run, 0o700))
            .map_err(Error::doing("cannot protect the cache folder"))?;
        Ok(cache)
    }

    pub(crate) fn hosts(&self) -> PathBuf {
        self.run.join("hosts")
    }

    pub(crate) fn engine_data(&self) -> PathBuf {
        self.root.join("engine")
    }

    /// Locked shared by every process that uses the engine.
    pub(crate) fn users(&self) -> PathBuf {
        self.run.join("users.lock")
    }

    fn owners(&self) -> PathBuf {
        self.run.join("owners")
    }

    /// Waits for a lock of this name; it ends with the value.
    pub(crate) fn lock(&self, name: &str) -> Result<File> {
        let path = self.run.join(format!("{name}.lock"));
        open_lock(&path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(Error::doing(format!("cannot lock {}", path.display())))
    }

    /// Registers this process as a user of the engine and an owner of hosts.
    pub(crate) fn register(&self) -> Result<Owner> {
        let register = || {
            let user = open_lock(&self.users())?;
            user.lock_shared()?;
            let started = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
            let name = format!("{}-{started:x}", process::id());
            // Locked before it is seen under its name: nobody may take it for a dead owner's.
            let hidden = self.owners().join(format!(".{name}"));
            let lock = open_lock(&hidden)?;
            lock.lock()?;
            fs::rename(&hidden, self.owners().join(&name))?;
            Ok::<_, io::Error>(Owner { name, _lock: lock, _user: user })
        };
        register().map_err(Error::doing("cannot register with the test bed"))
    }

    /// Owners whose process has ended; each stays locked while the value lives.
    pub(crate) fn dead_owners(&self) -> Vec<(String, File)> {
        let entries = fs::read_dir(self.owners()).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let file = File::open(entry.path()).ok()?;
                match file.try_lock() {
                    Ok(()) if !name.starts_with('.') => Some((name, file)),
                    _ => None,
                }
            })
            .collect()
    }

    /// Forgets an owner once nothing of it is left.
    pub(crate) fn forget_owner(&self, name: &str) {
        let _ = fs::remove_file(self.owners().join(name));
    }
}

/// Takes one lock of many, each a number below `count`: the first that is free, from a start of this process's own.
pub(crate) fn claim_number(folder: &Path, count: u32) -> Result<(u32, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let claim = || {
        fs::create_dir_all(folder)?;
        let start =
            u64::from(process::id()).wrapping_mul(16) + NEXT.fetch_add(1, Ordering::Relaxed);
        for step in 0..u64::from(count) {
            let number = ((start + step) % u64::from(count)) as u32;
            let file = open_lock(&folder.join(number.to_string()))?;
            match file.try_lock() {
                Ok(()) => return Ok((number, file)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other("all are taken"))
    };
    claim().map_err(Error::doing(format!("cannot claim a number in {}", folder.display())))
}

/// FNV-1a: the same in every build, which the standard hasher does not promise.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

/// The cache's folder, which need not exist.
pub(crate) fn folder() -> Result<PathBuf> {
    if let Some(own) = env::var_os("MACHINE_TESTBED_CACHE").filter(|value| !value.is_empty()) {
        return Ok(PathBuf::from(own));
    }
    let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    xdg.or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .map(|caches| caches.join("machine-testbed"))
        .ok_or_else(|| Error::new("no cache folder: set MACHINE_TESTBED_CACHE"))
}

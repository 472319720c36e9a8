use super::atomic;
use super::config::{Config, VERSION};
use super::entry::{self, Entry, Own};
use crate::error::{at, plain};
use crate::platform;
use machine_core::{Error, ErrorKind, Result};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Component, Path, PathBuf};
use std::thread;

/// A file of the store is at most this long: plugins may keep user data in theirs.
const MAX_FILE: u64 = 4 << 20;
/// Fewer machines than this are not worth a second thread.
const MANY: usize = 64;

/// Docker Machine's store: a folder with `machines`, `certs` and `cache`, and what is ours beside
/// them (`store.json`, `journal`, `locks`, `drivers`).
///
/// Nothing is kept in memory. Whoever changes a machine holds its [`crate::LockName::Machine`].
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in that folder, which need not exist; no I/O.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The store's folder, as it was given.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A machine's folder. The name must be one that [`Store::exists`] or [`Store::load`] accepts.
    pub fn machine_dir(&self, name: &str) -> PathBuf {
        self.machines_dir().join(name)
    }

    /// The folder of certificates.
    pub fn certs_dir(&self) -> PathBuf {
        self.root.join("certs")
    }

    /// The folder that machines share, for images.
    pub fn cache_dir(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The folder of drivers that are installed in this store.
    pub fn drivers_dir(&self) -> PathBuf {
        self.root.join("drivers")
    }

    /// The journal of a machine, by its id ([`Own::id`]).
    pub fn journal_path(&self, id: &str) -> PathBuf {
        self.journal_dir().join(format!("{id}.jsonl"))
    }

    /// Ids that have a journal, with or without a machine, in byte order. Never writes.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn journals(&self) -> Result<Vec<String>> {
        let names = folder_entries(&self.journal_dir(), |kind| kind.is_file())?;
        let ids = names.iter().filter_map(|name| name.strip_suffix(".jsonl"));
        Ok(ids.filter(|id| entry::is_id(id)).map(str::to_owned).collect())
    }

    /// Names of all machines in byte order; none when there is no store. Never writes.
    ///
    /// As in Docker Machine these are the real folders whose name has no leading dot.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = folder_entries(&self.machines_dir(), |kind| kind.is_dir())?;
        names.retain(|name| !name.starts_with('.'));
        Ok(names)
    }

    /// Whether there is something of that name, a link included; never for `""`, `.`, `..` or
    /// what holds a separator.
    pub fn exists(&self, name: &str) -> bool {
        self.try_exists(name).unwrap_or(false)
    }

    /// As [`Store::exists`].
    ///
    /// # Errors
    /// When that cannot be told: `stat PATH: not a directory`.
    pub fn try_exists(&self, name: &str) -> Result<bool> {
        if !Self::is_name(name) {
            return Ok(false);
        }
        let folder = self.machine_dir(name);
        match fs::metadata(&folder) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(at("stat", &folder)(e)),
        }
    }

    /// Reads a machine, of any version of Docker Machine. Never writes.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] only where there is no such machine; any other for one that cannot
    /// be read. Texts are Docker Machine's.
    pub fn load(&self, name: &str) -> Result<Entry> {
        let entry = self.load_config(name)?;
        Ok(Entry { own: self.load_own(name)?, ..entry })
    }

    fn load_config(&self, name: &str) -> Result<Entry> {
        Self::check_name(name)?;
        let folder = self.machine_dir(name);
        let path = folder.join("config.json");
        let bytes = match platform::read(&path, MAX_FILE) {
            Ok(bytes) => bytes,
            // A link that leads nowhere is no machine either.
            Err(e) if e.kind() == io::ErrorKind::NotFound && !self.exists(name) => {
                return Err(Self::missing(name));
            }
            Err(e) => return Err(unreadable(&path, e)),
        };
        let (config, _) = self.parse(name, &bytes)?;
        Ok(Entry { name: name.to_owned(), config, own: None })
    }

    /// `machine.json` of a machine; none where it has none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load_own(&self, name: &str) -> Result<Option<Own>> {
        Self::check_name(name)?;
        load_own(&self.machine_dir(name))
    }

    /// [`Store::load`] for each name, in the same order, on all cores where there are many. Reads
    /// one file a machine: [`Entry::own`] is left out.
    pub fn load_many(&self, names: &[String]) -> Vec<Result<Entry>> {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        if names.len() < MANY || cores < 2 {
            return names.iter().map(|name| self.load_config(name)).collect();
        }
        let (first, others) = names.split_at(names.len().div_ceil(cores));
        thread::scope(|scope| {
            let load =
                |names: &[String]| names.iter().map(|n| self.load_config(n)).collect::<Vec<_>>();
            let chunks = others.chunks(first.len());
            let started: Vec<_> = chunks
                .map(|chunk| {
                    (chunk, thread::Builder::new().spawn_scoped(scope, move || load(chunk)))
                })
                .collect();
            let mut all = load(first);
            for (chunk, thread) in started {
                let loaded = thread.ok().and_then(|thread| thread.join().ok());
                all.extend(loaded.unwrap_or_else(|| load(chunk)));
            }
            all
        })
    }

    /// [`Store::load`] for all of these names.
    ///
    /// # Errors
    /// Those of all that cannot be loaded; a name that is given twice has one.
    pub fn load_all(&self, names: &[String]) -> Result<Vec<Entry>, Vec<Error>> {
        let (mut entries, mut errors, mut failed) = (Vec::new(), Vec::new(), BTreeSet::new());
        for name in names {
            match self.load(name) {
                Ok(entry) => entries.push(entry),
                Err(error) if failed.insert(name) => errors.push(error),
                Err(_) => {}
            }
        }
        if errors.is_empty() { Ok(entries) } else { Err(errors) }
    }

    /// Adds a machine: it appears whole, or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the name is taken; when the store cannot be written.
    pub fn add(&self, entry: &Entry) -> Result<()> {
        self.add_with(entry, |_| Ok(()))
    }

    /// As [`Store::add`], with more files in the machine's folder: `fill` writes them into the
    /// folder that it is given, before the machine appears.
    ///
    /// # Errors
    /// As [`Store::add`], and those of `fill`.
    pub fn add_with(&self, entry: &Entry, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let name = &entry.name;
        Self::check_name(name)?;
        let taken =
            || plain(ErrorKind::Conflict, format!("Docker machine \"{name}\" already exists"));
        if self.try_exists(name)? {
            return Err(taken());
        }
        let machines = self.machines_dir();
        platform::create_folder(&machines).map_err(at("mkdir", &machines))?;
        let [new, _] = self.half(name);
        remove(&new).map_err(at("remove", &new))?;
        let build = || -> Result<()> {
            platform::create_folder(&new).map_err(at("mkdir", &new))?;
            fill(&new)?;
            if let Some(own) = &entry.own {
                let path = new.join("machine.json");
                atomic::write_unsynced(&path, own.to_json()?.as_bytes(), platform::PRIVATE)?;
            }
            let (path, text) = (new.join("config.json"), entry.config.to_json());
            atomic::write(&path, text.as_bytes(), platform::PRIVATE)?;
            let folder = self.machine_dir(name);
            match fs::rename(&new, &folder) {
                Ok(()) => platform::sync_folder(&machines).map_err(at("sync", &machines)),
                Err(_) if folder.exists() => Err(taken()),
                Err(e) => Err(at("rename", &folder)(e)),
            }
        };
        build().inspect_err(|_| drop(remove(&new)))
    }

    /// Stores what changed, whole and durable; nothing is written where nothing changed. A file of
    /// an older version is kept as `config.json.bak`.
    ///
    /// # Errors
    /// When the store cannot be written; then the old content is still there.
    pub fn save(&self, entry: &Entry) -> Result<()> {
        Self::check_name(&entry.name)?;
        let folder = self.machine_dir(&entry.name);
        if let Some(own) = &entry.own {
            let (path, text) = (folder.join("machine.json"), own.to_json()?);
            if platform::read(&path, MAX_FILE).ok().as_deref() != Some(text.as_bytes()) {
                atomic::write(&path, text.as_bytes(), platform::PRIVATE)?;
            }
        }
        let (path, text) = (folder.join("config.json"), entry.config.to_json());
        if let Ok(bytes) = platform::read(&path, MAX_FILE)
            && let Ok((stored, version)) = self.parse(&entry.name, &bytes)
        {
            if version < VERSION {
                atomic::write(&folder.join("config.json.bak"), &bytes, platform::PRIVATE)?;
            } else if stored.to_json() == text {
                return Ok(());
            }
        }
        atomic::write(&path, text.as_bytes(), platform::PRIVATE)
    }

    /// Deletes a machine's folder; a link is removed, never what it leads to. A machine that is
    /// not there is fine.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a name that no machine can have; when something cannot be
    /// deleted.
    pub fn forget(&self, name: &str) -> Result<()> {
        Self::check_name(name)?;
        let (machines, folder) = (self.machines_dir(), self.machine_dir(name));
        let [new, gone] = self.half(name);
        for half in [&new, &gone] {
            remove(half).map_err(at("remove", half))?;
        }
        // Out of sight first: half a machine must not be listed.
        match fs::rename(&folder, &gone) {
            Ok(()) => remove(&gone).map_err(at("remove", &gone))?,
            Err(_) => remove(&folder).map_err(at("remove", &folder))?,
        }
        match platform::sync_folder(&machines) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            synced => synced.map_err(at("sync", &machines)),
        }
    }

    /// Whether an addition or a deletion of a machine was cut off: [`Store::forget`] clears up after
    /// it. Nobody sees it otherwise.
    pub fn is_half(&self, name: &str) -> bool {
        Self::is_name(name) && self.half(name).iter().any(|path| path.symlink_metadata().is_ok())
    }

    /// Where a machine's folder is while it is made, and while it is deleted.
    fn half(&self, name: &str) -> [PathBuf; 2] {
        ["new", "gone"].map(|what| self.machines_dir().join(format!(".{name}.{what}")))
    }

    /// The store's own id, a uuid, which tags carry; made when first asked for.
    ///
    /// # Errors
    /// When `store.json` cannot be read, or not be made.
    pub fn id(&self) -> Result<String> {
        for _ in 0..2 {
            if let Some(id) = self.known_id()? {
                return Ok(id);
            }
            platform::create_folder(&self.root).map_err(at("mkdir", &self.root))?;
            let text = format!("{{\n    \"id\": \"{}\"\n}}\n", uuid::Uuid::new_v4());
            // Another process may be first; then the next round reads its id.
            atomic::write_new(&self.id_path(), text.as_bytes(), platform::PRIVATE)?;
        }
        let path = self.id_path();
        Err(plain(ErrorKind::Other, format!("{} comes and goes", path.display())))
    }

    /// The store's own id, where it has one: nothing is made.
    ///
    /// # Errors
    /// When `store.json` cannot be read.
    pub fn known_id(&self) -> Result<Option<String>> {
        #[derive(serde::Deserialize)]
        struct File {
            id: String,
        }
        let path = self.id_path();
        let bytes = match platform::read(&path, MAX_FILE) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(unreadable(&path, e)),
        };
        let file: Result<File, _> = serde_json::from_slice(&bytes);
        let id = file.map(|file| file.id).map_err(|e| damaged(&path, &e))?;
        let sound = entry::is_id(&id);
        if sound { Ok(Some(id)) } else { Err(damaged(&path, &"the id is none")) }
    }

    fn id_path(&self) -> PathBuf {
        self.root.join("store.json")
    }

    /// One plain component of a path.
    pub(crate) fn is_name(name: &str) -> bool {
        let mut parts = Path::new(name).components();
        let only =
            matches!(parts.next(), Some(Component::Normal(part)) if part == OsStr::new(name));
        only && parts.next().is_none() && !name.contains('\0')
    }

    fn parse(&self, name: &str, bytes: &[u8]) -> Result<(Config, i64)> {
        let root = self.root.to_string_lossy();
        Config::parse(name, bytes, &root)
            .map_err(|text| plain(ErrorKind::Other, format!("Error getting migrated host: {text}")))
    }

    fn machines_dir(&self) -> PathBuf {
        self.root.join("machines")
    }

    fn journal_dir(&self) -> PathBuf {
        self.root.join("journal")
    }
}

fn load_own(folder: &Path) -> Result<Option<Own>> {
    let path = folder.join("machine.json");
    match platform::read(&path, MAX_FILE) {
        Ok(bytes) => Own::parse(&bytes).map(Some).map_err(|e| damaged(&path, &e)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unreadable(&path, e)),
    }
}

/// Sorted; what is not UTF-8 was not made by us nor by Docker Machine.
fn folder_entries(folder: &Path, wanted: impl Fn(fs::FileType) -> bool) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        // Go opens a file as a folder, and only then notices.
        Err(e) if folder.is_file() => return Err(at("readdirent", folder)(e)),
        Err(e) => return Err(at("open", folder)(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(at("readdirent", folder))?;
        if let Ok(kind) = entry.file_type()
            && wanted(kind)
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Deletes whatever is there.
fn remove(path: &Path) -> io::Result<()> {
    let done = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    done.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
}

fn unreadable(path: &Path, cause: io::Error) -> Error {
    let call = if cause.raw_os_error().is_some() { "open" } else { "read" };
    at(call, path)(cause)
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> Error {
    plain(ErrorKind::Other, format!("read {}: {why}", path.display()))
}

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use crate::cache::{Cache, Owner};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::image::{self, HostKind};
use crate::process::run;
use crate::requirements::{missing, program};

/// The environment variable that makes a skipped test a failed one when it is `1`.
pub const REQUIRED: &str = "MACHINE_TESTS_REQUIRED";

/// The test bed of this process: an engine that runs hosts. There is one, and it lasts as long as the process.
#[derive(Debug)]
pub struct Bed {
    pub(crate) cache: Cache,
    pub(crate) engine: Engine,
    pub(crate) owner: Owner,
    client_key: PathBuf,
    public_key: String,
    /// By kind: making one does not hold up another.
    images: [Mutex<Option<String>>; HostKind::ALL.len()],
}

/// Why there can be no hosts here.
#[derive(Debug, Clone)]
pub struct Skip {
    reason: String,
}

impl Skip {
    /// For a person: what is missing.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Skip {}

impl Bed {
    /// The bed, or why there is none here. A broken bed (as against a missing one) panics.
    ///
    /// # Errors
    /// [`Skip`] where this is not Linux, not root, or programs are missing.
    ///
    /// # Panics
    /// When everything needed is here and the engine does not start all the same.
    pub fn get() -> Result<&'static Self, Skip> {
        static BED: OnceLock<Bed> = OnceLock::new();
        if let Some(reason) = missing() {
            return Err(Skip { reason });
        }
        Ok(BED.get_or_init(|| match Self::open() {
            Ok(bed) => bed,
            Err(error) => panic!("the test bed is broken: {error:?}"),
        }))
    }

    /// For the first line of a test: `let Some(bed) = Bed::or_skip() else { return };`. Says on standard error that
    /// the test is skipped, and why.
    ///
    /// # Panics
    /// Instead of skipping, when [`REQUIRED`] is `1`.
    #[must_use]
    pub fn or_skip() -> Option<&'static Self> {
        match Self::get() {
            Ok(bed) => Some(bed),
            Err(skip) if env::var_os(REQUIRED).is_some_and(|value| value == "1") => {
                panic!("{REQUIRED} is set, but {skip}")
            }
            Err(skip) => {
                let test = thread::current();
                image::say(&format!("skipped {}: {skip}", test.name().unwrap_or("a test")));
                None
            }
        }
    }

    fn open() -> Result<Self> {
        let cache = Cache::open()?;
        // First of all: from now on the engine stays.
        let owner = cache.register()?;
        let engine = Engine::join(&cache)?;
        engine.reap(&cache)?;
        let (client_key, public_key) = client_key(&cache)?;
        Ok(Self { cache, engine, owner, client_key, public_key, images: Default::default() })
    }

    /// Boots a host and waits until its SSH server answers, its boot has ended and its engine, if it has one, runs.
    ///
    /// # Errors
    /// When it does not come up within a minute, or its image cannot be made.
    pub fn host(&'static self, kind: HostKind) -> Result<Host> {
        let host = self.boot(kind)?;
        host.wait_ready()?;
        Ok(host)
    }

    /// Boots a host and does not wait: its SSH server may refuse connections for a while.
    ///
    /// # Errors
    /// When the container cannot be started, or its image cannot be made.
    pub fn boot(&'static self, kind: HostKind) -> Result<Host> {
        let image = self.image(kind)?;
        Host::boot(self, kind, &image)
    }

    /// Boots several hosts at once and waits for all.
    ///
    /// # Errors
    /// As [`Bed::host`].
    pub fn hosts(&'static self, kind: HostKind, count: usize) -> Result<Vec<Host>> {
        self.image(kind)?;
        thread::scope(|scope| {
            let boots: Vec<_> = (0..count).map(|_| scope.spawn(|| self.host(kind))).collect();
            boots
                .into_iter()
                .map(|boot| boot.join().unwrap_or_else(|_| Err(Error::new("a boot panicked"))))
                .collect()
        })
    }

    /// Makes the image of this kind if it is missing, so that later tests need not wait for it.
    ///
    /// # Errors
    /// When Debian's packages cannot be fetched or installed.
    pub fn prepare(&self, kind: HostKind) -> Result<()> {
        self.image(kind).map(drop)
    }

    /// The private key (OpenSSH, ed25519) that every host accepts for `root`, `deploy` (may use sudo without a
    /// password) and `guest` (may not).
    #[must_use]
    pub fn client_key(&self) -> &Path {
        &self.client_key
    }

    pub(crate) fn public_key(&self) -> &str {
        &self.public_key
    }

    /// A real docker client.
    ///
    /// # Panics
    /// When it was removed since the bed was made.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test may panic")]
    pub fn docker_client(&self) -> PathBuf {
        program("docker").expect("the bed needs a docker client")
    }

    /// A tar with a small root file system (a static busybox), for `docker import - busybox`.
    ///
    /// # Errors
    /// When it cannot be made or kept.
    pub fn busybox(&self) -> Result<PathBuf> {
        image::busybox(&self.cache)
    }

    fn image(&self, kind: HostKind) -> Result<String> {
        let mut known = self.images[kind as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = &*known {
            return Ok(image.clone());
        }
        let image = image::ensure(&self.cache, &self.engine, kind)?;
        Ok(known.insert(image).clone())
    }
}

fn client_key(cache: &Cache) -> Result<(PathBuf, String)> {
    let path = cache.root.join("client_key");
    let public = cache.root.join("client_key.pub");
    let _making = cache.lock("client-key")?;
    if !public.is_file() {
        let _ = fs::remove_file(&path);
        run(Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "testbed", "-f"])
            .arg(&path))?;
    }
    let text = fs::read_to_string(&public).map_err(Error::doing("cannot read the client's key"))?;
    Ok((path, text))
}

//! The private engine that runs the hosts: one for all processes that share a cache.

use std::env;
use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::{self, Cache};
use crate::error::{Error, Result};
use crate::platform;
use crate::process::run;
use crate::requirements::program;

const KEEPER: &str = include_str!("engine.sh");
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine that answers.
#[derive(Debug)]
pub(crate) struct Engine {
    client: PathBuf,
    socket: PathBuf,
}

impl Engine {
    /// Joins the running engine, or starts it. The caller must be registered already, else it may end at once.
    pub(crate) fn join(cache: &Cache) -> Result<Self> {
        // Debian's own client fits Debian's engine, while another one in PATH may be too new for it.
        let client = [PathBuf::from("/usr/bin/docker")].into_iter().find(|path| path.is_file());
        let client =
            client.or_else(|| program("docker")).ok_or_else(|| Error::new("no docker client"))?;
        let engine = Self { client, socket: cache.run.join("docker.sock") };
        let _starting = cache.lock("engine")?;
        if !platform::engine_answers(&engine.socket) {
            engine.start(cache)?;
        }
        Ok(engine)
    }

    fn start(&self, cache: &Cache) -> Result<()> {
        let script = cache.run.join("engine.sh");
        fs::write(&script, KEEPER).map_err(Error::doing("cannot write the engine's script"))?;
        let log = File::create(cache.run.join("keeper.log"))
            .map_err(Error::doing("cannot write the engine's log"))?;
        let idle = env::var("MACHINE_TESTBED_IDLE").unwrap_or_else(|_| "60".to_owned());
        let mut command = Command::new("/bin/sh");
        command
            .arg(&script)
            .arg(&cache.run)
            .arg(cache.engine_data())
            .args([format!("/machine-testbed-{}", cache.id), idle])
            .current_dir("/")
            .stdin(Stdio::null())
            .stderr(log.try_clone().map_err(Error::doing("cannot share the engine's log"))?)
            .stdout(log);
        plain_environment(&mut command);
        platform::detach(&mut command);
        let mut keeper = command.spawn().map_err(Error::doing("cannot start the engine"))?;
        let begin = Instant::now();
        while !platform::engine_answers(&self.socket) {
            let ended = keeper.try_wait().map_err(Error::doing("cannot watch the engine"))?;
            if ended.is_some() || begin.elapsed() > PATIENCE {
                let log = fs::read_to_string(cache.run.join("engine.log")).unwrap_or_default();
                return Err(Error::new(format!(
                    "the engine did not start: {}",
                    last_lines(&log, 5)
                )));
            }
            thread::sleep(Duration::from_millis(20));
        }
        // Reaped when it ends, should this process outlive it.
        thread::spawn(move || keeper.wait());
        Ok(())
    }

    /// The engine's own client, told where the engine is.
    pub(crate) fn docker(&self) -> Command {
        let mut command = Command::new(&self.client);
        plain_environment(&mut command);
        command.arg("--host").arg(format!("unix://{}", self.socket.display()));
        command
    }

    /// Removes hosts whose process has ended without doing so.
    pub(crate) fn reap(&self, cache: &Cache) -> Result<()> {
        for (owner, _lock) in cache.dead_owners() {
            let filter = format!("label=owner={owner}");
            let left = run(self.docker().args(["ps", "-aq", "--filter", &filter]))?;
            let left: Vec<&str> = left.split_whitespace().collect();
            if !left.is_empty() {
                run(self.docker().args(["rm", "-f", "-v"]).args(left))?;
            }
            let _ = fs::remove_dir_all(cache.hosts().join(&owner));
            cache.forget_owner(&owner);
        }
        Ok(())
    }
}

/// Ends the engine now instead of a minute after its last use. Gives back whether one was running.
///
/// # Errors
/// When tests are using it, unless `force` is set; then their hosts go too.
pub fn shut_down(force: bool) -> Result<bool> {
    let cache = Cache::open()?;
    let _starting = cache.lock("engine")?;
    let Ok(keeper) = fs::read_to_string(cache.run.join("keeper.pid")) else { return Ok(false) };
    let socket = cache.run.join("docker.sock");
    if !platform::engine_answers(&socket) {
        return Ok(false);
    }
    let users = cache::open_lock(&cache.users()).map_err(Error::doing("cannot open a lock"))?;
    if let (Err(TryLockError::WouldBlock), false) = (users.try_lock(), force) {
        return Err(Error::new("the engine is in use by running tests"));
    }
    // The keeper takes this lock itself in between.
    drop(users);
    run(Command::new("kill").args(["-TERM", keeper.trim()]))?;
    let begin = Instant::now();
    while cache.run.join("keeper.pid").exists() {
        if begin.elapsed() > PATIENCE {
            return Err(Error::new("the engine did not end"));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(true)
}

/// Ends the engine and deletes the cache with all images.
///
/// # Errors
/// When tests are using it, or a file cannot be deleted.
pub fn wipe() -> Result<()> {
    shut_down(false)?;
    let cache = Cache::open()?;
    let _starting = cache.lock("engine")?;
    fs::remove_dir_all(&cache.root)
        .map_err(Error::doing(format!("cannot delete {}", cache.root.display())))
}

fn plain_environment(command: &mut Command) {
    for name in ["HOST", "CONTEXT", "TLS", "TLS_VERIFY", "CERT_PATH", "API_VERSION", "CONFIG"] {
        command.env_remove(format!("DOCKER_{name}"));
    }
    // dockerd must find containerd and runc even under a bare PATH.
    let mut path = env::var("PATH").unwrap_or_default();
    path.push_str(":/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("PATH", path);
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("; ")
}

use std::fs;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::bed::Bed;
use crate::error::{Error, Result};
use crate::image::{HostKind, say};
use crate::machine::{Machine, write_seed};
use crate::network::Link;
use crate::process::{output, run, run_with};

/// How a machine comes up is a matter of seconds; a busy computer gets this long.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
/// What an engine reports for a container whose systemd called for a reboot: the kernel ends it by SIGHUP.
const REBOOTED: &str = "129";

/// A machine of the test bed. It is removed with all it holds when the value is dropped.
///
/// It behaves as a machine: `reboot` in it boots it again, `poweroff` leaves it off until [`Host::start`].
#[derive(Debug)]
pub struct Host {
    bed: &'static Bed,
    kind: HostKind,
    machine: Arc<Machine>,
    seed: PathBuf,
}

/// What a program did.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Exit status; 128 and more after a signal, as a shell counts.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Host {
    pub(crate) fn boot(bed: &'static Bed, kind: HostKind, image: &str) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let link = Link::claim()?;
        let name = format!("bed{}", link.number());
        let container = format!("{}-{}", bed.owner.name, COUNT.fetch_add(1, Ordering::Relaxed));
        let seed = bed.cache.hosts().join(&bed.owner.name).join(&name);
        write_seed(&seed, &name, bed.public_key())?;
        let machine = Machine::create(bed, container, link, image, &seed)?;
        let host = Self { bed, kind, machine: Arc::new(machine), seed };
        host.start()?;
        Ok(host)
    }

    /// What it was booted as.
    #[must_use]
    pub fn kind(&self) -> HostKind {
        self.kind
    }

    /// Its own name, as `hostname` says on it at first.
    #[must_use]
    pub fn name(&self) -> String {
        format!("bed{}", self.machine.link.number())
    }

    /// Where it is reached.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.machine.link.guest()
    }

    /// Where it is reached by IPv6.
    #[must_use]
    pub fn address_v6(&self) -> Ipv6Addr {
        self.machine.link.guest_v6()
    }

    /// This machine's address on the host's link: a server that a test binds there (or to 0.0.0.0) can be reached
    /// from the host at it.
    #[must_use]
    pub fn gateway(&self) -> Ipv4Addr {
        self.machine.link.near()
    }

    /// The private key that `root`, `deploy` and `guest` accept; see [`Bed::client_key`].
    #[must_use]
    pub fn ssh_key(&self) -> &Path {
        self.bed.client_key()
    }

    /// The public half of its present host key, as `ssh-ed25519 AAAA…`.
    ///
    /// # Errors
    /// When the host is not running.
    pub fn host_key(&self) -> Result<String> {
        let line = self.exec("cat /etc/ssh/ssh_host_ed25519_key.pub")?;
        Ok(line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
    }

    /// Runs a shell script on it as root, behind SSH's back, and gives back its standard output.
    ///
    /// # Errors
    /// When it fails; the error carries what it said.
    pub fn exec(&self, script: &str) -> Result<String> {
        run(&mut self.machine.inside(script))
    }

    /// As [`Host::exec`], whatever its exit status.
    ///
    /// # Errors
    /// When the docker client cannot be run.
    pub fn try_exec(&self, script: &str) -> Result<Reply> {
        let output = output(&mut self.machine.inside(script), b"")?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let status = output.status.code().unwrap_or(128);
        Ok(Reply { status, stdout: text(output.stdout), stderr: text(output.stderr) })
    }

    /// Writes a file on it, with the folders above it.
    ///
    /// # Errors
    /// When that fails on the host.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let script = format!("mkdir -p \"$(dirname '{path}')\" && cat >'{path}'");
        run_with(&mut self.machine.inside(&script), content.as_ref()).map(drop)
    }

    /// Waits until SSH answers, the boot has ended and the engine of a kind that has one runs.
    ///
    /// # Errors
    /// When that takes over a minute.
    pub fn wait_ready(&self) -> Result<()> {
        self.wait_ssh()?;
        self.wait_booted()?;
        if self.kind.has_engine() { self.wait_docker() } else { Ok(()) }
    }

    /// Waits until its SSH server greets.
    ///
    /// # Errors
    /// When that takes over a minute.
    pub fn wait_ssh(&self) -> Result<()> {
        let address = SocketAddr::new(IpAddr::V4(self.address()), 22);
        self.wait("SSH does not answer", || {
            let greets = || {
                let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
                stream.set_read_timeout(Some(Duration::from_secs(5)))?;
                let mut greeting = [0; 4];
                stream.read_exact(&mut greeting).map(|()| greeting)
            };
            greets().is_ok_and(|greeting| &greeting == b"SSH-")
        })
    }

    /// Waits until systemd has started all it starts at boot.
    ///
    /// # Errors
    /// When that takes over a minute.
    pub fn wait_booted(&self) -> Result<()> {
        self.wait("the boot does not end", || {
            let state = self.try_exec("systemctl is-system-running --wait");
            state.is_ok_and(|reply| matches!(reply.stdout.trim(), "running" | "degraded"))
        })
    }

    /// Waits until its engine answers on its own socket.
    ///
    /// # Errors
    /// When that takes over a minute.
    pub fn wait_docker(&self) -> Result<()> {
        self.wait("the engine does not answer", || {
            self.try_exec("docker version").is_ok_and(|reply| reply.status == 0)
        })
    }

    /// Gives its engine the image `busybox`.
    ///
    /// # Errors
    /// When it has no running engine.
    pub fn load_busybox(&self) -> Result<()> {
        let archive = fs::read(self.bed.busybox()?).map_err(Error::doing("cannot read busybox"))?;
        run_with(&mut self.machine.inside("docker import - busybox"), &archive).map(drop)
    }

    /// How often somebody has logged in over SSH since the last boot.
    ///
    /// # Errors
    /// When the host is not running.
    pub fn ssh_logins(&self) -> Result<usize> {
        let log = self.exec("journalctl --boot --unit ssh --output cat")?;
        Ok(log.lines().filter(|line| line.starts_with("Accepted ")).count())
    }

    /// Switches it on. Its address is connected when this returns; nothing may answer there yet.
    ///
    /// # Errors
    /// When it is on already, or cannot be started.
    pub fn start(&self) -> Result<()> {
        self.machine.start()?;
        let machine = Arc::clone(&self.machine);
        // Plays the firmware, which boots again after a reboot. It ends with the container.
        thread::spawn(move || {
            while machine.wait().is_some_and(|status| status == REBOOTED) {
                if let Err(error) = machine.start() {
                    // Removed at that very moment: nothing to tell.
                    if machine.inspect("-").is_ok() {
                        say(&format!("a host did not boot again: {error:?}"));
                    }
                    break;
                }
            }
        });
        Ok(())
    }

    /// Shuts it down in good order.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn stop(&self) -> Result<()> {
        self.machine.docker(&["stop", "--time", "30"]).map(drop)
    }

    /// Cuts its power.
    ///
    /// # Errors
    /// When it is off already.
    pub fn kill(&self) -> Result<()> {
        self.machine.docker(&["kill"]).map(drop)
    }

    /// Freezes it: connections are accepted by the kernel, and nothing answers.
    ///
    /// # Errors
    /// When it is off.
    pub fn pause(&self) -> Result<()> {
        self.machine.docker(&["pause"]).map(drop)
    }

    /// Thaws it.
    ///
    /// # Errors
    /// When it is not frozen.
    pub fn resume(&self) -> Result<()> {
        self.machine.docker(&["unpause"]).map(drop)
    }

    /// Waits until it is off.
    ///
    /// # Errors
    /// When that takes over a minute.
    pub fn wait_off(&self) -> Result<()> {
        self.wait("it does not go off", || self.is_running().is_ok_and(|running| !running))
    }

    /// Whether it is on.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub fn is_running(&self) -> Result<bool> {
        Ok(self.machine.inspect("{{.State.Running}}")?.trim() == "true")
    }

    /// A command that runs a shell script on it, to be spawned by the caller.
    pub(crate) fn inside(&self, script: &str) -> Command {
        self.machine.inside(script)
    }

    pub(crate) fn link_is_up(&self) -> bool {
        self.machine.link.is_up()
    }

    pub(crate) fn forget_neighbour(&self) -> Result<()> {
        self.machine.link.forget_neighbour()
    }

    pub(crate) fn wait(&self, failure: &str, mut done: impl FnMut() -> bool) -> Result<()> {
        let begin = Instant::now();
        while !done() {
            if begin.elapsed() > PATIENCE {
                return Err(Error::new(format!("{}: {failure}", self.name())));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if thread::panicking() {
            let log =
                self.try_exec("journalctl --boot --lines 60 --no-pager --output short-precise");
            say(&format!("end of the journal of {}:", self.name()));
            say(&log.map(|reply| reply.stdout).unwrap_or_default());
        }
        if let Err(error) = self.machine.docker(&["rm", "--force", "--volumes"]) {
            say(&format!("{} was not removed: {error:?}", self.name()));
        }
        self.machine.link.detach();
        let _ = fs::remove_dir_all(&self.seed);
    }
}

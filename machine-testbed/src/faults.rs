//! What can go wrong with a machine, made on purpose.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::error::{Error, Result};
use crate::host::Host;

/// Somebody else's package manager at work on a host; it ends with the value.
#[derive(Debug)]
pub struct DpkgLock {
    holder: Child,
}

impl Drop for DpkgLock {
    fn drop(&mut self) {
        // The holder ends with its input.
        self.holder.stdin.take();
        let _ = self.holder.wait();
    }
}

/// A folder of a host on which only so many more bytes can be written; see [`Host::limit_disk`].
#[derive(Debug)]
pub struct SmallDisk<'a> {
    host: &'a Host,
    folder: String,
}

impl SmallDisk<'_> {
    /// Ends the shortage. What was written meanwhile is gone.
    ///
    /// # Errors
    /// When something keeps the folder in use.
    pub fn lift(self) -> Result<()> {
        self.host.exec(&format!("umount -l '{}'", self.folder)).map(drop)
    }
}

impl Host {
    /// Lets only `bytes` more be written below a folder such as `/usr` or `/var/lib`; then its disk is full. Lasts
    /// until it is lifted or the host reboots. Programs that hold the folder open do not notice.
    ///
    /// # Errors
    /// When the host is off or the folder does not exist.
    pub fn limit_disk(&self, folder: &str, bytes: u64) -> Result<SmallDisk<'_>> {
        self.exec(&format!(
            "set -e; cd '{folder}'; disk=$(mktemp -d); mount -t tmpfs -o size={bytes},mode=755 small \"$disk\"; \
             mkdir \"$disk/upper\" \"$disk/work\"; chmod --reference=. \"$disk/upper\"; \
             mount -t overlay -o lowerdir='{folder}',upperdir=\"$disk/upper\",workdir=\"$disk/work\" small '{folder}'"
        ))?;
        Ok(SmallDisk { host: self, folder: folder.to_owned() })
    }

    /// Holds the lock of apt and dpkg, as an unattended upgrade does.
    ///
    /// # Errors
    /// When the host is off or somebody else holds the lock.
    pub fn hold_dpkg_lock(&self) -> Result<DpkgLock> {
        let script = r#"exec perl -MFcntl=:DEFAULT -e '
            for my $name ("lock-frontend", "lock") {
                open my $file, ">>", "/var/lib/dpkg/$name" or die;
                my $whole = pack("s s x![q] q q i x![q]", F_WRLCK, 0, 0, 0, 0);
                fcntl($file, F_SETLK, $whole) or die "$name: $!";
                push @held, $file;
            }
            $| = 1; print "held\n"; <STDIN>;'"#;
        let mut holder = self
            .inside(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Error::doing("cannot hold the package manager's lock"))?;
        let mut line = String::new();
        let pipe = holder.stdout.take();
        pipe.map(|pipe| BufReader::new(pipe).read_line(&mut line));
        let lock = DpkgLock { holder };
        if line.trim() == "held" {
            return Ok(lock);
        }
        Err(Error::new("the package manager's lock is held already"))
    }

    /// Unplugs its network: packets are lost in both directions.
    ///
    /// # Errors
    /// When the host is off.
    pub fn unplug(&self) -> Result<()> {
        // The host's own end: seen from here the route stays, so that callers wait as they would for a lost machine.
        self.exec("ip link set eth0 down").map(drop)
    }

    /// Plugs its network in again.
    ///
    /// # Errors
    /// When the host is off.
    pub fn plug_in(&self) -> Result<()> {
        let (v6, via) = (self.address_v6(), self.gateway());
        // Taking an interface down drops its IPv6 addresses and its routes.
        self.exec(&format!(
            "ip link set eth0 up; ip address replace {v6}/64 dev eth0 nodad 2>/dev/null || true; \
             ip route replace default via {via}"
        ))?;
        // The kernel tells this end a little later; until then it sends nothing.
        self.wait("its link stays down", || self.link_is_up())?;
        self.forget_neighbour()
    }

    /// Gives it another host key, as a reinstalled machine (or an impostor) has, and gives back its public half.
    ///
    /// # Errors
    /// When the host is off.
    pub fn replace_host_key(&self) -> Result<String> {
        self.exec(
            "set -e; cd /etc/ssh; rm -f ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key; \
             systemctl restart ssh",
        )?;
        self.wait_ssh()?;
        self.host_key()
    }

    /// Stops its SSH server: connections are refused. What is connected stays.
    ///
    /// # Errors
    /// When the host is off.
    pub fn stop_ssh(&self) -> Result<()> {
        self.exec("systemctl stop ssh").map(drop)
    }

    /// Starts its SSH server again.
    ///
    /// # Errors
    /// When the host is off.
    pub fn start_ssh(&self) -> Result<()> {
        self.exec("systemctl start ssh")?;
        self.wait_ssh()
    }

    /// Drops every SSH connection that is open now, in the middle of whatever it does.
    ///
    /// # Errors
    /// When the host is off.
    pub fn drop_ssh_connections(&self) -> Result<()> {
        self.exec("pkill -KILL -f '^sshd: [a-z]' || true").map(drop)
    }
}

use super::error::SshError;
use super::target::Target;
use super::transfer::setting;
use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Environment variable that names the machine whose changed host key is accepted.
pub const ACCEPT_HOST_KEY: &str = "MACHINE_ACCEPT_HOST_KEY";

/// A file of known hosts that is longer is not one of ours.
const LIMIT: u64 = 1 << 20;

/// Whether the user accepts a changed host key of `name`, by [`ACCEPT_HOST_KEY`] in the environment.
pub fn accepts_host_key(name: &str) -> bool {
    !name.is_empty() && std::env::var_os(ACCEPT_HOST_KEY).is_some_and(|v| v == name)
}

/// Which host keys one connection takes.
pub(crate) enum Trust {
    /// These and no others.
    Pinned { keys: Vec<String>, file: PathBuf },
    /// Whatever the host shows; it comes to stand in this file.
    First { file: PathBuf },
}

impl Trust {
    /// Decides by what is pinned, and writes the client's file.
    pub(crate) fn of(target: &Target) -> Result<Self, SshError> {
        let file = target.known_hosts.clone();
        if !target.accept_changed_key {
            let keys = if target.host_keys.is_empty() {
                read(&file).map_err(SshError::KnownHosts)?
            } else {
                target.host_keys.clone()
            };
            if let Some(key) = keys.iter().find(|k| !is_key(k)) {
                return Err(SshError::PinnedKey(key.clone()));
            }
            if !keys.is_empty() {
                project(&file, &target.alias(), &keys).map_err(SshError::KnownHosts)?;
                return Ok(Self::Pinned { keys, file });
            }
        }
        // A file of its own: what a host shows before anyone has logged in is not pinned yet.
        let mut name = file.into_os_string();
        name.push(".new");
        Ok(Self::First { file: name.into() })
    }

    /// Forgets what an attempt without a login has seen: a host may change its keys while it boots.
    pub(crate) fn reset(&self) -> Result<(), SshError> {
        match self {
            Self::Pinned { .. } => Ok(()),
            Self::First { file } => match fs_err::remove_file(file) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(SshError::KnownHosts(e)),
                _ => Ok(()),
            },
        }
    }

    /// What the built-in client does as the program does: keeps the key that a host has shown.
    #[cfg(feature = "native-ssh")]
    pub(crate) fn saw(&self, target: &Target, key: &str) -> Result<(), SshError> {
        match self {
            Self::Pinned { .. } => Ok(()),
            Self::First { file } => {
                project(file, &target.alias(), &[key.to_owned()]).map_err(SshError::KnownHosts)
            }
        }
    }

    /// The host's keys after a login, now standing in the target's own file.
    pub(crate) fn settle(self, target: &Target) -> Result<Vec<String>, SshError> {
        match self {
            Self::Pinned { keys, .. } => Ok(keys),
            Self::First { file } => {
                let keys = read(&file).map_err(SshError::KnownHosts)?;
                project(&target.known_hosts, &target.alias(), &keys)
                    .map_err(SshError::KnownHosts)?;
                let _ = fs_err::remove_file(file);
                Ok(keys)
            }
        }
    }

    /// The client's options.
    pub(crate) fn options(&self, target: &Target) -> Vec<OsString> {
        let (mode, file) = match self {
            Self::Pinned { file, .. } => ("yes", file),
            Self::First { file } => ("accept-new", file),
        };
        options(target, mode, file)
    }

    /// The same for a client that the user talks to: there, a first contact is pinned at once.
    pub(crate) fn interactive(&self, target: &Target) -> Vec<OsString> {
        match self {
            Self::Pinned { .. } => self.options(target),
            Self::First { .. } => options(target, "accept-new", &target.known_hosts),
        }
    }
}

fn options(target: &Target, mode: &str, file: &Path) -> Vec<OsString> {
    let mut out = Vec::new();
    for option in [
        OsString::from(format!("StrictHostKeyChecking={mode}")),
        setting("UserKnownHostsFile=", file),
        "GlobalKnownHostsFile=/dev/null".into(),
        "HashKnownHosts=no".into(),
        format!("HostKeyAlias={}", target.alias()).into(),
    ] {
        out.extend(["-o".into(), option]);
    }
    out
}

/// The keys of a known-hosts file, each `TYPE BASE64`; lines that are none are passed over.
pub(crate) fn parse_known_hosts(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(hosts), Some(kind), Some(key)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let key = format!("{kind} {key}");
        if !hosts.starts_with(['#', '@']) && is_key(&key) && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn is_key(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+/=-@.".contains(c);
    let mut words = text.split(' ');
    let word = |w: Option<&str>| w.is_some_and(|w| !w.is_empty() && w.chars().all(plain));
    word(words.next()) && word(words.next()) && words.next().is_none()
}

fn read(path: &Path) -> io::Result<Vec<String>> {
    let file = match fs_err::metadata(path) {
        Ok(meta) if !meta.is_file() => {
            return Err(io::Error::other(format!("{} is not a file", path.display())));
        }
        Ok(_) => fs_err::File::open(path)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(parse_known_hosts(&String::from_utf8_lossy(&bytes)))
}

fn project(path: &Path, alias: &str, keys: &[String]) -> io::Result<()> {
    let text: String = keys.iter().map(|k| format!("{alias} {k}\n")).collect();
    if fs_err::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".known_hosts").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use machine_core::SshEndpoint;
    use proptest::prelude::*;

    fn target(folder: &Path) -> Target {
        Target::new("M", SshEndpoint::new("h", 22, "root"), folder.join("known_hosts"))
    }

    #[test]
    fn keys_are_read_and_the_rest_is_passed_over() {
        let text = "# c\n@revoked h ssh-rsa BAD\nm ssh-ed25519 AAAA comment\nm ssh-ed25519 AAAA\n\
                    short\n[h]:22,x ecdsa-sha2-nistp256 BBBB=\nm ssh-rsa A;B\n";
        assert_eq!(parse_known_hosts(text), ["ssh-ed25519 AAAA", "ecdsa-sha2-nistp256 BBBB="]);
    }

    #[test]
    fn pinned_keys_become_the_file_and_a_stale_file_does_not_add_any() {
        let folder = tempfile::tempdir().unwrap();
        let mut t = target(folder.path());
        fs_err::write(&t.known_hosts, "m ssh-rsa OLD\n").unwrap();
        t.host_keys = vec!["ssh-ed25519 NEW".into()];
        let trust = Trust::of(&t).unwrap();
        assert_eq!(fs_err::read_to_string(&t.known_hosts).unwrap(), "m ssh-ed25519 NEW\n");
        assert!(trust.options(&t).contains(&"StrictHostKeyChecking=yes".into()));
        assert_eq!(trust.settle(&t).unwrap(), ["ssh-ed25519 NEW"]);
    }

    #[test]
    fn keys_of_an_earlier_login_are_pinned_even_where_no_record_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut t = target(folder.path());
        fs_err::write(&t.known_hosts, "m ssh-rsa OLD\n").unwrap();
        assert!(matches!(Trust::of(&t).unwrap(), Trust::Pinned { .. }));
        t.accept_changed_key = true;
        assert!(matches!(Trust::of(&t).unwrap(), Trust::First { .. }));
    }

    #[test]
    fn a_damaged_pin_is_an_error_and_not_a_first_contact() {
        let folder = tempfile::tempdir().unwrap();
        let mut t = target(folder.path());
        t.host_keys = vec!["ssh-rsa A\nother ssh-rsa B".into()];
        assert!(Trust::of(&t).is_err());
    }

    #[test]
    fn first_contact_leaves_the_file_alone_until_the_login() {
        let folder = tempfile::tempdir().unwrap();
        let t = target(folder.path());
        let trust = Trust::of(&t).unwrap();
        let Trust::First { file } = &trust else { panic!() };
        fs_err::write(file, "m ssh-ed25519 EARLY\n").unwrap();
        trust.reset().unwrap();
        assert!(!file.exists() && !t.known_hosts.exists());
        fs_err::write(file, "m ssh-ed25519 LATER\n").unwrap();
        assert_eq!(trust.settle(&t).unwrap(), ["ssh-ed25519 LATER"]);
        assert_eq!(fs_err::read_to_string(&t.known_hosts).unwrap(), "m ssh-ed25519 LATER\n");
    }

    proptest! {
        #[test]
        fn any_text_gives_only_whole_keys(text: String) {
            for key in parse_known_hosts(&text) {
                prop_assert!(is_key(&key));
            }
        }
    }
}

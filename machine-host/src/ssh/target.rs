use super::error::SshError;
use machine_core::SshEndpoint;
use std::fmt;
use std::path::{Path, PathBuf};

/// What speaks SSH.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SshClient {
    /// A program that takes OpenSSH's options.
    Program(PathBuf),
    /// The built-in one: keys alone, from the machine's file, an agent, or the user's own files.
    #[cfg(feature = "native-ssh")]
    Native,
}

/// `ssh`, found on `PATH`.
impl Default for SshClient {
    fn default() -> Self {
        Self::Program(PathBuf::from("ssh"))
    }
}

impl SshClient {
    /// The program, for what only a program can do.
    pub(crate) fn program(&self) -> &Path {
        match self {
            Self::Program(program) => program,
            #[cfg(feature = "native-ssh")]
            Self::Native => Path::new("ssh"),
        }
    }
}

/// A host to log into and how to tell that it is the right one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// The machine's name: what its host keys are filed under.
    pub name: String,
    /// Address, port and user.
    pub endpoint: SshEndpoint,
    /// Private key. None: what the agent and the client's own defaults offer.
    pub key: Option<PathBuf>,
    /// File of pinned keys for the SSH client; written from [`Target::host_keys`].
    pub known_hosts: PathBuf,
    /// Pinned host keys, each `TYPE BASE64`. Empty: the keys of [`Target::known_hosts`], and where
    /// that has none either, the first contact pins what the host shows.
    pub host_keys: Vec<String>,
    /// Pin what the host shows now, whatever was pinned before. Default: no.
    pub accept_changed_key: bool,
    /// The client. Default: `ssh`, found on `PATH`.
    pub client: SshClient,
}

impl Target {
    /// A host at first contact, with no key of its own; set the other fields by assignment.
    pub fn new(
        name: impl Into<String>,
        endpoint: SshEndpoint,
        known_hosts: impl Into<PathBuf>,
    ) -> Self {
        Self {
            name: name.into(),
            endpoint,
            key: None,
            known_hosts: known_hosts.into(),
            host_keys: Vec::new(),
            accept_changed_key: false,
            client: SshClient::default(),
        }
    }

    /// Sets [`Target::key`].
    #[must_use]
    pub fn with_key(mut self, key: impl Into<PathBuf>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// `USER@HOST` as the client takes it, refused where the client would take it for an option.
    pub(crate) fn destination(&self) -> Result<String, SshError> {
        let SshEndpoint { host, user, .. } = &self.endpoint;
        let host = bare(host);
        let odd = |text: &str| {
            text.starts_with('-') || text.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if host.is_empty() || odd(host) || odd(user) {
            return Err(SshError::Address { host: host.into(), user: user.clone() });
        }
        Ok(if user.is_empty() { host.to_owned() } else { format!("{user}@{host}") })
    }

    /// Checks the key as the client would, but with a text of its own.
    pub(crate) fn check_key(&self) -> Result<(), SshError> {
        self.key.as_deref().map_or(Ok(()), check_key)
    }

    /// The name under which host keys are filed. The client reads it as a pattern.
    pub(crate) fn alias(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if !self.name.is_empty() && self.name.chars().all(plain) {
            self.name.to_ascii_lowercase()
        } else {
            "machine".to_owned()
        }
    }
}

/// `USER@HOST:PORT`, for messages.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SshEndpoint { host, port, user, .. } = &self.endpoint;
        let host = bare(host);
        if !user.is_empty() {
            write!(f, "{user}@")?;
        }
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host)
}

fn check_key(path: &Path) -> Result<(), SshError> {
    let key = |what| SshError::Key { path: path.to_owned(), what };
    let meta = fs_err::metadata(path).map_err(SshError::KeyFile)?;
    if !meta.is_file() {
        return Err(key("is not a file"));
    }
    let Some(mode) = crate::platform::mode(&meta) else { return Ok(()) };
    if mode & 0o400 == 0 {
        return Err(key("is not readable"));
    }
    if mode & 0o077 != 0 {
        return Err(SshError::KeyMode { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(user: &str, host: &str) -> Target {
        Target::new("Web.1", SshEndpoint::new(host, 22, user), "/k")
    }

    #[test]
    fn destination_never_looks_like_an_option() {
        assert_eq!(target("root", "h").destination().unwrap(), "root@h");
        assert_eq!(target("", "h").destination().unwrap(), "h");
        assert_eq!(target("root", "[::1]").destination().unwrap(), "root@::1");
        for (user, host) in
            [("", "-oProxyCommand=x"), ("-l", "h"), ("root", "a b"), ("root", ""), ("a\nb", "h")]
        {
            assert!(target(user, host).destination().is_err(), "{user}@{host}");
        }
    }

    #[test]
    fn names_are_filed_as_plain_words() {
        assert_eq!(target("root", "h").alias(), "web.1");
        let odd = Target::new("a,b *", SshEndpoint::new("h", 22, "root"), "/k");
        assert_eq!(odd.alias(), "machine");
    }

    #[test]
    fn shows_brackets_round_an_ipv6_address() {
        assert_eq!(target("root", "::1").to_string(), "root@[::1]:22");
        assert_eq!(target("", "h").to_string(), "h:22");
    }
}

//! For programs that call `ssh` themselves: scp, rsync, sshfs.
use super::host_keys::Trust;
use super::target::{Target, bare};
use machine_core::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::path::Path;

/// What such a program is told about one host, as far as the host's keys are concerned.
struct Pins {
    mode: &'static str,
    file: OsString,
    alias: String,
}

impl Pins {
    fn of(target: &Target) -> Result<Self> {
        let mode = match Trust::of(target)? {
            Trust::Pinned { .. } => "yes",
            // The program ends without telling what it saw, so that is pinned at once.
            Trust::First { .. } => "accept-new",
        };
        Ok(Self { mode, file: target.known_hosts.clone().into(), alias: target.alias() })
    }
}

impl Target {
    /// The client's options for this host, each `NAME=VALUE` as it follows `-o`: host keys as for
    /// [`super::command`], then port and key. Values are quoted where the client splits them.
    ///
    /// # Errors
    /// A damaged pin, or a file of pinned keys that cannot be written.
    pub fn options(&self) -> Result<Vec<OsString>> {
        let pins = Pins::of(self)?;
        let mut out = vec![
            format!("StrictHostKeyChecking={}", pins.mode).into(),
            setting("UserKnownHostsFile=", Path::new(&pins.file)),
            "GlobalKnownHostsFile=/dev/null".into(),
            format!("HostKeyAlias={}", pins.alias).into(),
        ];
        out.extend(self.endpoint_options());
        Ok(out)
    }

    /// [`Target::options`] without those about host keys.
    pub fn endpoint_options(&self) -> Vec<OsString> {
        let mut out = vec![format!("Port={}", self.endpoint.port).into()];
        out.extend(self.key.as_deref().map(|key| setting("IdentityFile=", key)));
        out
    }

    /// `USER@HOST:PATH`, as scp, rsync and sshfs read it. `user` instead of the machine's own.
    ///
    /// # Errors
    /// `InvalidOption` for an address that is none, or one that would be taken for an option.
    pub fn location(&self, user: Option<&str>, path: &str) -> Result<String> {
        self.location_at(bare(&self.endpoint.host), user, path)
    }

    /// A block of the client's configuration for a host that the command line calls `word`: for
    /// programs that reach two hosts at once. It ends with a newline.
    ///
    /// # Errors
    /// As [`Target::options`] and [`Target::location`].
    pub fn config_block(&self, word: &str) -> Result<OsString> {
        let pins = Pins::of(self)?;
        self.location_at(word, None, "")?;
        let mut out = OsString::from(format!("Host {word}\n"));
        let mut line = |setting: OsString| {
            out.push("  ");
            out.push(setting);
            out.push("\n");
        };
        line(format!("HostName={}", bare(&self.endpoint.host).replace('%', "%%")).into());
        line(format!("HostKeyAlias={}", pins.alias).into());
        line(format!("StrictHostKeyChecking={}", pins.mode).into());
        line(setting("UserKnownHostsFile=", Path::new(&pins.file)));
        line("GlobalKnownHostsFile=/dev/null".into());
        if self.key.is_some() {
            line("IdentitiesOnly=yes".into());
        }
        self.endpoint_options().into_iter().for_each(line);
        Ok(out)
    }

    /// As [`Target::location`], with the word of [`Target::config_block`] for the host.
    ///
    /// # Errors
    /// As [`Target::location`].
    pub fn location_at(&self, host: &str, user: Option<&str>, path: &str) -> Result<String> {
        let mut named = self.clone();
        if let Some(user) = user {
            named.endpoint.user = user.to_owned();
        }
        if host.is_empty() {
            return Err(Error::new(ErrorKind::InvalidOption, "", "IP address is not set"));
        }
        named.destination()?;
        let user = &named.endpoint.user;
        let at = if user.is_empty() { "" } else { "@" };
        // Without brackets its first colon would end the host.
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Ok(format!("{user}{at}{host}:{path}"))
    }
}

/// An option whose value is a path: the client splits it at blanks and expands `%`.
pub(super) fn setting(name: &str, path: &Path) -> OsString {
    let text = path.to_string_lossy();
    let mut out = OsString::from(name);
    if text.chars().any(|c| c.is_whitespace() || "%\"'\\".contains(c)) {
        let text = text.replace('%', "%%").replace('\\', "\\\\").replace('"', "\\\"");
        out.push(format!("\"{text}\""));
    } else {
        out.push(path);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use machine_core::SshEndpoint;

    fn target(folder: &Path, host: &str) -> Target {
        Target::new("Web 1", SshEndpoint::new(host, 2222, "root"), folder.join("known_hosts"))
            .with_key("/k")
    }

    #[test]
    fn options_pin_the_hosts_key() {
        let folder = tempfile::tempdir().unwrap();
        let mut t = target(folder.path(), "h");
        let known = folder.path().join("known_hosts");
        let first = |t: &Target| t.options().unwrap()[0].clone();
        assert_eq!(first(&t), "StrictHostKeyChecking=accept-new");
        t.host_keys = vec!["ssh-ed25519 AAAA".into()];
        let options = t.options().unwrap();
        let options: Vec<_> = options.iter().map(|o| o.to_string_lossy()).collect();
        let expected = [
            "StrictHostKeyChecking=yes",
            &format!("UserKnownHostsFile={}", known.display()),
            "GlobalKnownHostsFile=/dev/null",
            "HostKeyAlias=machine",
            "Port=2222",
            "IdentityFile=/k",
        ];
        assert_eq!(options, expected);
        assert_eq!(fs_err::read_to_string(known).unwrap(), "machine ssh-ed25519 AAAA\n");
    }

    #[test]
    fn locations_are_never_options_and_have_brackets_where_needed() {
        let at = |host, user, path| target(Path::new("/f"), host).location(user, path);
        assert_eq!(at("h", None, "/a b").unwrap(), "root@h:/a b");
        assert_eq!(at("::1", Some("joe"), "a").unwrap(), "joe@[::1]:a");
        assert_eq!(at("[::1]", Some(""), "").unwrap(), "[::1]:");
        assert!(at("h", Some("-oProxyCommand=x"), "a").is_err());
        assert_eq!(at("", None, "a").unwrap_err().to_string(), "IP address is not set");
    }

    #[test]
    fn a_block_tells_two_hosts_at_one_address_apart() {
        let folder = tempfile::tempdir().unwrap();
        let t = target(folder.path(), "127.0.0.1");
        let block = t.config_block("one").unwrap().to_string_lossy().into_owned();
        let lines: Vec<_> = block.lines().map(str::trim).collect();
        assert_eq!(lines[..2], ["Host one", "HostName=127.0.0.1"]);
        assert!(lines.contains(&"Port=2222") && lines.contains(&"IdentityFile=/k"), "{block}");
        assert_eq!(t.location_at("one", None, "/x").unwrap(), "root@one:/x");
    }

    #[test]
    fn paths_with_blanks_and_signs_are_quoted_for_the_client() {
        assert_eq!(setting("F=", Path::new("/a/b")), "F=/a/b");
        assert_eq!(setting("F=", Path::new("/a b/50%")), "F=\"/a b/50%%\"");
    }
}

//! The system's own `ssh`.
use super::error::SshError;
use super::host_keys::Trust;
use super::link::{End, Link};
use super::target::Target;
use machine_core::Result;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The command line of `docker-machine ssh`: Docker Machine's options in its order, then `args` as
/// they are, so that options of the client work too. Where host keys are pinned, they count.
/// Standard streams are the caller's business.
///
/// # Errors
/// A key file that the client would not take, an address that it would take for an option, or a
/// file of pinned keys that cannot be written.
pub fn command(target: &Target, args: &[String]) -> Result<Command> {
    let mut command = Command::new(target.client.program());
    command.args(interactive(target)?).args(args);
    Ok(command)
}

fn interactive(target: &Target) -> Result<Vec<OsString>, SshError> {
    let destination = target.destination()?;
    target.check_key()?;
    let trust = Trust::of(target)?;
    let mut out = words(&["-F", "/dev/null"]);
    for option in [
        "ConnectionAttempts=3",
        "ConnectTimeout=10",
        "ControlMaster=no",
        "ControlPath=none",
        // Not `quiet`: it hides why the client gives up, a changed host key above all.
        "LogLevel=ERROR",
        "PasswordAuthentication=no",
        "ServerAliveInterval=60",
    ] {
        out.extend(words(&["-o", option]));
    }
    out.extend(trust.interactive(target));
    out.push(destination.into());
    out.extend(identity(target));
    Ok(out)
}

/// Starts the client of a session.
pub(super) fn start(program: &Path, args: Vec<OsString>) -> io::Result<Link> {
    let mut command = tokio::process::Command::new(program);
    command.args(args).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    crate::platform::detach(&mut command);
    let mut child = command.spawn()?;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("no pipes"));
    };
    Ok(Link {
        stdin: Box::new(stdin),
        stdout: Box::new(stdout),
        stderr: Box::new(stderr),
        end: End::Child(child),
    })
}

/// The command line of a session: nobody answers prompts, and a dead peer is noticed in 30 s.
pub(super) fn session(target: &Target, trust: &Trust) -> Result<Vec<OsString>, SshError> {
    let mut out = words(&["-F", "/dev/null", "-T"]);
    for option in [
        "BatchMode=yes",
        "ConnectionAttempts=1",
        "ConnectTimeout=10",
        "ControlMaster=no",
        "ControlPath=none",
        "LogLevel=ERROR",
        "PasswordAuthentication=no",
        "ServerAliveInterval=10",
        "ServerAliveCountMax=3",
    ] {
        out.extend(words(&["-o", option]));
    }
    out.extend(trust.options(target));
    out.push(target.destination()?.into());
    out.extend(identity(target));
    out.push("sh".into());
    Ok(out)
}

fn identity(target: &Target) -> Vec<OsString> {
    let mut out = Vec::new();
    if let Some(key) = &target.key {
        out.extend(words(&["-o", "IdentitiesOnly=yes", "-i"]));
        out.push(literal(key));
    }
    out.extend(words(&["-p", &target.endpoint.port.to_string()]));
    out
}

/// A path that the client does not expand.
fn literal(path: &Path) -> OsString {
    let text = path.to_string_lossy();
    if text.contains('%') { text.replace('%', "%%").into() } else { path.into() }
}

fn words(list: &[&str]) -> Vec<OsString> {
    list.iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use machine_core::SshEndpoint;

    fn line(target: &Target, args: &[&str]) -> String {
        let args: Vec<_> = args.iter().map(|a| (*a).to_owned()).collect();
        let command = command(target, &args).unwrap();
        let words: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
        words.join(" ")
    }

    #[test]
    fn interactive_options_stand_in_docker_machines_order() {
        let folder = tempfile::tempdir().unwrap();
        let known = folder.path().join("known_hosts");
        let t = Target::new("up", SshEndpoint::new("127.0.0.1", 2222, "ubuntu"), &known);
        let text = line(&t, &["-L", "1:h:2", "--", "a b"]);
        let start = "-F /dev/null -o ConnectionAttempts=3 -o ConnectTimeout=10 -o ControlMaster=no \
                     -o ControlPath=none -o LogLevel=ERROR -o PasswordAuthentication=no \
                     -o ServerAliveInterval=60 -o StrictHostKeyChecking=accept-new";
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("ubuntu@127.0.0.1 -p 2222 -L 1:h:2 -- a b"), "{text}");
    }

    #[test]
    fn a_key_stands_between_destination_and_port() {
        let folder = tempfile::tempdir().unwrap();
        let key = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        let t = Target::new("up", SshEndpoint::new("h", 22, "root"), folder.path().join("k"))
            .with_key(key.path());
        let tail = format!("root@h -o IdentitiesOnly=yes -i {} -p 22", key.path().display());
        assert!(line(&t, &[]).ends_with(&tail));
    }

    #[test]
    fn pinned_keys_make_the_check_strict() {
        let folder = tempfile::tempdir().unwrap();
        let known = folder.path().join("known_hosts");
        let mut t = Target::new("up", SshEndpoint::new("h", 22, "root"), &known);
        t.host_keys = vec!["ssh-ed25519 AAAA".into()];
        assert!(line(&t, &[]).contains("-o StrictHostKeyChecking=yes -o UserKnownHostsFile="));
        assert_eq!(fs_err::read_to_string(known).unwrap(), "up ssh-ed25519 AAAA\n");
    }

    #[test]
    fn a_key_that_the_client_would_refuse_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let t = Target::new("up", SshEndpoint::new("h", 22, "root"), folder.path().join("k"))
            .with_key(folder.path().join("none"));
        let error = command(&t, &[]).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
        let t = t.with_key(folder.path());
        assert!(command(&t, &[]).unwrap_err().to_string().ends_with("is not a file"));
    }
}

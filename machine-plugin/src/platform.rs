//! What differs between operating systems.
pub(crate) use imp::{executables, isolate};

#[cfg(unix)]
mod imp {
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::{env, io};
    use tokio::process::Command;

    /// Files in `folder` that a program called `name` may be.
    pub(crate) fn executables(folder: &Path, name: &str) -> Vec<PathBuf> {
        let path = folder.join(name);
        let mode = path.metadata().map(|m| if m.is_file() { m.permissions().mode() } else { 0 });
        if mode.unwrap_or_default() & 0o111 == 0 { Vec::new() } else { vec![path] }
    }

    /// Keeps the terminal's Ctrl-C away from a plugin, which would die in the middle of a call
    /// and take with it what it knows; and runs it as another user where Rancher says so.
    pub(crate) fn isolate(command: &mut Command) -> io::Result<()> {
        command.process_group(0);
        let [user, group] = ["MACHINE_PLUGIN_UID", "MACHINE_PLUGIN_GID"].map(|name| {
            let id = env::var(name).ok().filter(|id| !id.is_empty())?;
            let invalid = || io::Error::other(format!("{name} is not a number"));
            Some(id.parse::<u32>().map_err(|_| invalid()))
        });
        if let (Some(user), Some(group)) = (user, group) {
            command.uid(user?).gid(group?);
        }
        Ok(())
    }
}

#[cfg(windows)]
mod imp {
    use std::path::{Path, PathBuf};
    use std::{env, io};
    use tokio::process::Command;

    /// Files in `folder` that a program called `name` may be.
    pub(crate) fn executables(folder: &Path, name: &str) -> Vec<PathBuf> {
        let endings = env::var("PATHEXT").unwrap_or_else(|_| ".COM;.EXE;.BAT;.CMD".to_owned());
        let endings = std::iter::once("").chain(endings.split(';').filter(|e| !e.is_empty()));
        let names = endings.map(|ending| folder.join(format!("{name}{ending}")));
        names.filter(|path| path.extension().is_some() && path.is_file()).collect()
    }

    /// Keeps the console's Ctrl-C away from a plugin, which would die in the middle of a call and
    /// take with it what it knows.
    pub(crate) fn isolate(command: &mut Command) -> io::Result<()> {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
        command.creation_flags(CREATE_NEW_PROCESS_GROUP);
        Ok(())
    }
}

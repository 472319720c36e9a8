//! What differs between operating systems.
pub(crate) use imp::{
    copy_program, create_private_folder, executables, is_program, isolate, sync_folder,
};

#[cfg(unix)]
mod imp {
    use std::fs::{self, DirBuilder, File, Permissions};
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::{env, io};
    use tokio::process::Command;

    /// Files in `folder` that a program called `name` may be.
    pub(crate) fn executables(folder: &Path, name: &str) -> Vec<PathBuf> {
        let path = folder.join(name);
        if is_program(&path) { vec![path] } else { Vec::new() }
    }

    /// Whether the file can be run.
    pub(crate) fn is_program(path: &Path) -> bool {
        let mode = path.metadata().map(|m| if m.is_file() { m.permissions().mode() } else { 0 });
        mode.unwrap_or_default() & 0o111 != 0
    }

    /// Makes a folder with those above it, for its owner alone.
    pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Copies a program, durably.
    pub(crate) fn copy_program(from: &Path, to: &Path) -> io::Result<()> {
        fs::copy(from, to)?;
        fs::set_permissions(to, Permissions::from_mode(0o755))?;
        File::open(to)?.sync_all()
    }

    /// Makes renamed entries durable.
    pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
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
    use std::fs::{self, OpenOptions};
    use std::path::{Path, PathBuf};
    use std::{env, io};
    use tokio::process::Command;

    /// Whether the file can be run.
    pub(crate) fn is_program(path: &Path) -> bool {
        path.extension().is_some() && path.is_file()
    }

    /// Makes a folder with those above it; its owner's home says who may read it.
    pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    /// Copies a program, durably.
    pub(crate) fn copy_program(from: &Path, to: &Path) -> io::Result<()> {
        fs::copy(from, to)?;
        // Flushing needs the right to write.
        OpenOptions::new().write(true).open(to)?.sync_all()
    }

    /// Folders cannot be synced there, and need not be.
    pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Files in `folder` that a program called `name` may be.
    pub(crate) fn executables(folder: &Path, name: &str) -> Vec<PathBuf> {
        let endings = env::var("PATHEXT").unwrap_or_else(|_| ".COM;.EXE;.BAT;.CMD".to_owned());
        let endings = std::iter::once("").chain(endings.split(';').filter(|e| !e.is_empty()));
        let names = endings.map(|ending| folder.join(format!("{name}{ending}")));
        names.filter(|path| is_program(path)).collect()
    }

    /// Keeps the console's Ctrl-C away from a plugin, which would die in the middle of a call and
    /// take with it what it knows.
    pub(crate) fn isolate(command: &mut Command) -> io::Result<()> {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
        command.creation_flags(CREATE_NEW_PROCESS_GROUP);
        Ok(())
    }
}

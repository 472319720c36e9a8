//! What differs between operating systems.

use std::path::PathBuf;
use std::process::ExitStatus;

/// What a Docker client needs beside the variables that name the machine.
pub(crate) const CLIENT_VARIABLES: &[(&str, &str)] =
    if cfg!(windows) { &[("COMPOSE_CONVERT_WINDOWS_PATHS", "true")] } else { &[] };

/// The user's home folder, as Docker Machine finds it.
pub(crate) fn home() -> PathBuf {
    let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    std::env::var_os(variable).map(PathBuf::from).unwrap_or_default()
}

/// Go's words for a child that a signal ended.
#[cfg(unix)]
pub(crate) fn signal_text(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(1) => "signal: hangup".to_owned(),
        Some(2) => "signal: interrupt".to_owned(),
        Some(9) => "signal: killed".to_owned(),
        Some(15) => "signal: terminated".to_owned(),
        Some(number) => format!("signal: {number}"),
        None => status.to_string(),
    }
}

/// Go's words for a child that a signal ended.
#[cfg(windows)]
pub(crate) fn signal_text(status: ExitStatus) -> String {
    status.to_string()
}

/// The shell that will evaluate our output.
pub(crate) enum Shell {
    /// By its name.
    Known(String),
    /// A guess, and what to tell the user.
    #[cfg_attr(not(windows), expect(dead_code, reason = "only Windows has a default"))]
    Assumed(String, &'static str),
    /// No idea; what to tell the user.
    #[cfg_attr(windows, expect(dead_code, reason = "Windows has a default"))]
    Unknown(&'static str),
}

fn shell_variable() -> Option<String> {
    let shell = PathBuf::from(std::env::var_os("SHELL").filter(|shell| !shell.is_empty())?);
    Some(shell.file_name()?.to_string_lossy().into_owned())
}

/// Finds out which shell that is.
#[cfg(unix)]
pub(crate) fn shell() -> Shell {
    match shell_variable() {
        Some(name) => Shell::Known(name),
        None => Shell::Unknown(
            "The default lines below are for a sh/bash shell, you can specify the shell you're \
             using, with the --shell flag.",
        ),
    }
}

/// Finds out which shell that is.
#[cfg(windows)]
pub(crate) fn shell() -> Shell {
    if shell_variable().is_some() && std::env::var_os("__fish_bin_dir").is_some() {
        return Shell::Known("fish".to_owned());
    }
    match shell_variable() {
        Some(name) => Shell::Known(name.trim_end_matches(".exe").to_owned()),
        None => Shell::Assumed(
            "cmd".to_owned(),
            "You can further specify your shell with either 'cmd' or 'powershell' with the \
             --shell flag.",
        ),
    }
}

/// The program of that name in the user's path.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(windows)]
fn is_program(file: &std::path::Path) -> bool {
    file.is_file()
}

/// Ends as `command`: it takes our place, with our streams. Comes back only when it cannot.
#[cfg(unix)]
pub(crate) fn become_program(mut command: std::process::Command) -> std::io::Result<u8> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// Runs `command` with our streams, and comes back with its exit code.
#[cfg(windows)]
pub(crate) fn become_program(mut command: std::process::Command) -> std::io::Result<u8> {
    let code = command.status()?.code().unwrap_or(1);
    Ok(u8::try_from(code).unwrap_or(1))
}

/// Waits for `work`. The first Ctrl-C is passed on, so that the work may end in good order; the
/// second ends the program at once.
pub(crate) async fn interruptible<T>(work: impl Future<Output = T>, interrupt: impl Fn()) -> T {
    let mut work = std::pin::pin!(work);
    for round in 0.. {
        tokio::select! {
            done = &mut work => return done,
            heard = tokio::signal::ctrl_c() => match (heard, round) {
                (Ok(()), 0) => interrupt(),
                (Ok(()), _) => end_at_once(),
                (Err(_), _) => break,
            },
        }
    }
    work.await
}

#[expect(clippy::exit, reason = "nothing may keep the user waiting: the journal is on disk")]
fn end_at_once() -> ! {
    std::process::exit(i32::from(crate::failure::INTERRUPTED))
}

/// The user's terminal passes every key on as it is, until this is dropped.
#[cfg(all(feature = "native-ssh", unix))]
pub(crate) struct RawInput(rustix::termios::Termios);

#[cfg(all(feature = "native-ssh", unix))]
impl RawInput {
    /// None where input is no terminal.
    pub(crate) fn take() -> Option<Self> {
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(std::io::stdin(), OptionalActions::Now, &raw).ok()?;
        Some(Self(before))
    }
}

#[cfg(all(feature = "native-ssh", unix))]
impl Drop for RawInput {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0).ok();
    }
}

/// On Windows lines are passed on once they are whole.
#[cfg(all(feature = "native-ssh", windows))]
pub(crate) struct RawInput;

#[cfg(all(feature = "native-ssh", windows))]
impl RawInput {
    /// There is nothing to change.
    pub(crate) fn take() -> Option<Self> {
        None
    }
}

/// Tells the window's size, now and whenever it changes.
#[cfg(all(feature = "native-ssh", unix))]
pub(crate) async fn follow_size(
    told: tokio::sync::watch::Sender<machine_host::Size>,
) -> std::convert::Infallible {
    use tokio::signal::unix::{SignalKind, signal};
    let changes = signal(SignalKind::window_change());
    let tell = || {
        if let Ok(size) = rustix::termios::tcgetwinsize(std::io::stdout())
            && size.ws_col > 0
        {
            let size = machine_host::Size::new(size.ws_col.into(), size.ws_row.into());
            told.send_replace(size);
        }
    };
    tell();
    if let Ok(mut changes) = changes {
        while changes.recv().await.is_some() {
            tell();
        }
    }
    std::future::pending().await
}

/// The size stays what it is by default.
#[cfg(all(feature = "native-ssh", windows))]
pub(crate) async fn follow_size(
    told: tokio::sync::watch::Sender<machine_host::Size>,
) -> std::convert::Infallible {
    let _told = told;
    std::future::pending().await
}

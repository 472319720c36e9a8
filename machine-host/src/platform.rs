//! What differs between operating systems, one function per difference.
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Mode of what only the owner may read.
pub(crate) const PRIVATE: u32 = 0o600;
/// Mode of what everybody may read, as far as the umask allows.
#[cfg(feature = "full")]
pub(crate) const PUBLIC: u32 = 0o666;

/// The user's name, as Docker Machine writes it into certificates: `$USER` (`%USERNAME%` on
/// Windows), or `unknown`.
pub fn user_name() -> String {
    let variable = if cfg!(windows) { "USERNAME" } else { "USER" };
    let name = std::env::var_os(variable).map(|n| n.to_string_lossy().into_owned());
    name.filter(|n| !n.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// The user's home folder, where one is known.
pub fn home_dir() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

/// The system's own words for an error, in lower case and without its number, as Go prints them.
pub(crate) fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    // tempfile puts its own path behind it, and nothing gives the error itself back.
    let number = |text: &str| text.split_once("(os error ")?.1.split_once(')')?.0.parse().ok();
    let Some(code) = error.raw_os_error().or_else(|| number(&text)) else {
        return text;
    };
    let text = io::Error::from_raw_os_error(code).to_string();
    let text = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text);
    if cfg!(windows) {
        return text.to_owned();
    }
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}

/// A FIFO or a device must neither hang an open nor a read.
#[cfg(unix)]
fn do_not_wait(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
}

#[cfg(not(unix))]
fn do_not_wait(_: &mut OpenOptions) {}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, mode: u32) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(mode);
}

#[cfg(not(unix))]
fn set_mode(_: &mut OpenOptions, _: u32) {}

#[cfg(unix)]
fn kind_of(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match () {
        () if kind.is_fifo() => "is a FIFO, not a file",
        () if kind.is_socket() => "is a socket, not a file",
        () => "is a device, not a file",
    }
}

#[cfg(not(unix))]
fn kind_of(_: &Metadata) -> &'static str {
    "is not a file"
}

fn must_be_a_file(file: &File) -> io::Result<Metadata> {
    let metadata = file.metadata()?;
    match metadata.file_type() {
        kind if kind.is_file() => Ok(metadata),
        kind if kind.is_dir() => Err(io::Error::other("is a directory")),
        _ => Err(io::Error::other(kind_of(&metadata))),
    }
}

/// Opens a file to read and write, and makes it (0600) where there is none.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Not to append: Windows then refuses to shorten it.
    options.read(true).write(true).create(true).truncate(false);
    set_mode(&mut options, PRIVATE);
    do_not_wait(&mut options);
    let file = options.open(path)?;
    must_be_a_file(&file)?;
    Ok(file)
}

/// Reads a whole file that may be anything, unless it is longer than `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut options = OpenOptions::new();
    options.read(true);
    do_not_wait(&mut options);
    let file = options.open(path)?;
    let length = must_be_a_file(&file)?.len();
    let too_long = || io::Error::other(format!("is longer than {limit} bytes"));
    if length > limit {
        return Err(too_long());
    }
    // One byte more than it says: the read that finds the end needs room.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_long()) } else { Ok(bytes) }
}

/// A file of its own in `folder`, with `mode` from its first byte; removed again unless kept.
pub(crate) fn temporary(folder: &Path, prefix: &str, mode: u32) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(folder)
}

#[cfg(unix)]
fn folder_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(not(unix))]
fn folder_builder() -> DirBuilder {
    DirBuilder::new()
}

/// Makes a folder and those above it, 0700 each and durable.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    if path == Path::new("") || path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(Path::new(""));
    create_folder(parent)?;
    match folder_builder().create(path) {
        // Another command was first.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(e),
        Ok(()) => match sync_folder(parent) {
            // Where others may enter but not look, that is not ours to do.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            synced => synced,
        },
    }
}

/// Makes new names in `folder` outlive a power cut, where the system has a way to ask for it.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    match File::open(folder)?.sync_all() {
        // Some network file systems know no such thing.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The permission bits to copy a file with.
#[cfg(all(unix, any(test, feature = "full")))]
pub(crate) fn mode_of(metadata: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o777
}

#[cfg(all(not(unix), any(test, feature = "full")))]
pub(crate) fn mode_of(_: &Metadata) -> u32 {
    PRIVATE
}

/// Sets the permission bits whatever the umask says.
#[cfg(unix)]
pub(crate) fn set_mode_of(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
pub(crate) fn set_mode_of(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// Whether `path` still names the open file.
#[cfg(unix)]
pub(crate) fn is_still(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((held.dev(), held.ino()) == (named.dev(), named.ino())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(not(unix))]
pub(crate) fn is_still(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true) // lock files are never removed there
}

/// Removes a lock file that is held. Only where [`is_still`] can tell that this happened.
#[cfg(unix)]
pub(crate) fn remove_lock_file(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

#[cfg(not(unix))]
pub(crate) fn remove_lock_file(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Permission bits, where the system has any.
#[cfg(all(feature = "full", unix))]
pub(crate) fn mode(meta: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(meta.permissions().mode() & 0o7777)
}

/// Permission bits, where the system has any.
#[cfg(all(feature = "full", not(unix)))]
pub(crate) fn mode(_: &Metadata) -> Option<u32> {
    None
}

/// Keeps a terminal's Ctrl-C from a child: whether it ends is decided by its parent.
#[cfg(all(feature = "full", unix))]
pub(crate) fn detach(command: &mut tokio::process::Command) {
    command.process_group(0);
}

/// Keeps a terminal's Ctrl-C from a child: whether it ends is decided by its parent.
#[cfg(all(feature = "full", windows))]
pub(crate) fn detach(command: &mut tokio::process::Command) {
    // CREATE_NEW_PROCESS_GROUP
    command.creation_flags(0x0000_0200);
}

/// Keeps the console's Ctrl-C away from a process that outlives us.
#[cfg(all(feature = "full", windows))]
pub(crate) fn before_leaving(command: &mut std::process::Command) {
    use std::os::windows::process::CommandExt;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// Such a process leaves our session by itself.
#[cfg(all(feature = "full", not(windows)))]
pub(crate) fn before_leaving(_: &mut std::process::Command) {}

/// Leaves the terminal's session: neither its Ctrl-C nor its end reaches this process any more.
#[cfg(all(feature = "full", unix))]
pub(crate) fn leave_session() {
    // It fails where we lead one already.
    rustix::process::setsid().ok();
}

/// There are no sessions.
#[cfg(all(feature = "full", not(unix)))]
pub(crate) fn leave_session() {}

/// A connection to the user's SSH agent.
#[cfg(feature = "native-ssh")]
pub(crate) type Agent = russh::keys::agent::client::AgentClient<
    Box<dyn russh::keys::agent::client::AgentStream + Send + Unpin>,
>;

/// The agent that `SSH_AUTH_SOCK` names, if there is one.
#[cfg(all(feature = "native-ssh", unix))]
pub(crate) async fn ssh_agent() -> Option<Agent> {
    Some(russh::keys::agent::client::AgentClient::connect_env().await.ok()?.dynamic())
}

/// The agent of Windows' own OpenSSH, if it runs.
#[cfg(all(feature = "native-ssh", windows))]
pub(crate) async fn ssh_agent() -> Option<Agent> {
    use russh::keys::agent::client::AgentClient;
    let agent = AgentClient::connect_named_pipe(r"\\.\pipe\openssh-ssh-agent").await;
    Some(agent.ok()?.dynamic())
}

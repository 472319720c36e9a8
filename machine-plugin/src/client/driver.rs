use crate::client::InstalledDrivers;
use crate::client::folder::program_name;
use crate::platform;
use machine_core::{Error, ErrorKind, Result};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Drivers that Docker Machine has built in, and serves as plugins itself
/// (docker/machine, `libmachine/drivers/plugin/localbinary/plugin.go`).
const BUILT_IN: [&str; 15] = [
    "amazonec2",
    "azure",
    "digitalocean",
    "exoscale",
    "generic",
    "google",
    "hyperv",
    "none",
    "openstack",
    "rackspace",
    "softlayer",
    "virtualbox",
    "vmwarefusion",
    "vmwarevcloudair",
    "vmwarevsphere",
];

/// Environment variable that names a Docker Machine whose built-in drivers are used.
const GO_BINARY: &str = "MACHINE_GO_BINARY";

/// A driver's name and the binary that plays it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Driver {
    name: String,
    path: PathBuf,
}

impl Driver {
    /// `path` is trusted to be a plugin for this driver.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), path: path.into() }
    }

    /// The driver's name, as in `--driver`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The binary.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Where drivers are looked for: among those installed, in folders given, then on `PATH`, then inside
/// an original Docker Machine.
#[derive(Clone, Debug, Default)]
pub struct DriverSearch {
    installed: Option<InstalledDrivers>,
    folders: Vec<PathBuf>,
    path: Option<OsString>,
    go_binary: Option<PathBuf>,
}

impl DriverSearch {
    /// Looks nowhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks where `PATH` says, and in the Docker Machine that `MACHINE_GO_BINARY` names.
    pub fn from_env() -> Self {
        let go_binary = env::var_os(GO_BINARY).filter(|path| !path.is_empty()).map(PathBuf::from);
        Self { path: env::var_os("PATH"), go_binary, ..Self::default() }
    }

    /// Looks among these drivers first.
    #[must_use]
    pub fn with_installed(mut self, installed: InstalledDrivers) -> Self {
        self.installed = Some(installed);
        self
    }

    /// Adds a folder to look in before `PATH`.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Looks in these folders, separated as in `PATH`.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<OsString>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Takes the drivers that Docker Machine has built in from this binary of it.
    #[must_use]
    pub fn with_go_binary(mut self, binary: impl Into<PathBuf>) -> Self {
        self.go_binary = Some(binary.into());
        self
    }

    /// Finds `docker-machine-driver-NAME`. A name that is an absolute path is the binary itself, as
    /// in Rancher.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], in Docker Machine's words.
    pub fn find(&self, name: &str) -> Result<Driver> {
        let path = Path::new(name);
        if path.is_absolute() {
            let found = path.parent().zip(path.file_name().and_then(|file| file.to_str()));
            let found = found.and_then(|(folder, file)| first_in(folder, file));
            return found.map(|path| Driver::new(name, path)).ok_or_else(|| missing(name, name));
        }
        let file = program_name(name);
        // A name with a separator would lead out of the folders.
        if name.is_empty() || name.contains(['/', '\\', '\0']) {
            return Err(missing(name, &file));
        }
        if let Some(driver) = self.installed.as_ref().and_then(|installed| installed.find(name)) {
            return Ok(driver);
        }
        let path = self.path.iter().flat_map(env::split_paths);
        let mut folders = self.folders.iter().cloned().chain(path);
        if let Some(path) = folders.find_map(|folder| first_in(&folder, &file)) {
            return Ok(Driver::new(name, path));
        }
        match &self.go_binary {
            Some(binary) if BUILT_IN.contains(&name) => Ok(Driver::new(name, binary)),
            _ => Err(missing(name, &file)),
        }
    }

    /// Names of all drivers whose binaries are in the folders or on `PATH`, sorted. Those installed
    /// are listed by themselves.
    pub fn names(&self) -> Vec<String> {
        let path = self.path.iter().flat_map(env::split_paths);
        let folders = self.folders.iter().cloned().chain(path);
        let files = folders.filter_map(|folder| folder.read_dir().ok()).flatten().flatten();
        let mut names: Vec<_> = files
            .filter_map(|file| {
                let path = file.path();
                let name = path.file_name()?.to_str()?.strip_prefix("docker-machine-driver-")?;
                let name = name.strip_suffix(env::consts::EXE_SUFFIX)?;
                first_in(path.parent()?, &program_name(name))?;
                Some(name.to_owned())
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

fn first_in(folder: &Path, file: &str) -> Option<PathBuf> {
    let path = platform::executables(folder, file).into_iter().next()?;
    // Relative to the folder we are in now: an entry of `PATH` may be.
    std::path::absolute(path).ok()
}

fn missing(name: &str, file: &str) -> Error {
    let text = format!(
        "Driver {name:?} not found. Do you have the plugin binary {file:?} accessible in your PATH?"
    );
    Error::new(ErrorKind::NotFound, "", text)
}

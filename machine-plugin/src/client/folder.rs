use crate::platform;
use machine_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a driver's folder must say about it.
pub(crate) const CONFIG: &str = "config.yml";
/// Its version.
pub(crate) const VERSION: &str = "version.txt";

/// The file of a driver's program, without the ending that programs have.
pub(crate) fn program_name(driver: &str) -> String {
    format!("docker-machine-driver-{driver}")
}

/// Whether a driver can have this name: it becomes part of file names, and of names of options.
pub(crate) fn is_driver_name(name: &str) -> bool {
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(sound)
}

/// A driver as its author hands it over: a folder of its name, in which are `version.txt`,
/// `config.yml` and the driver itself.
#[derive(Debug)]
pub(crate) struct DriverFolder {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    /// The driver itself.
    pub(crate) program: PathBuf,
}

/// The whole of `config.yml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    name: String,
    driver: String,
}

/// What is wrong with a folder; each says with which file.
#[derive(Debug, thiserror::Error)]
enum FolderError {
    #[error("{path}: a driver is a folder of its name or a program docker-machine-driver-NAME")]
    NoDriver { path: PathBuf },
    #[error(
        "{path}: a driver cannot have this name; letters, digits, '-', '_' and '.' are allowed"
    )]
    Name { path: PathBuf },
    #[error("{path} is missing: it must hold {what}")]
    Missing { path: PathBuf, what: String },
    #[error("{path} cannot be read")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{path}: {text:?} is not a semantic version such as 1.2.3")]
    Version { path: PathBuf, text: String, source: semver::Error },
    #[error("{path} must be exactly \"name: {driver}\" and \"driver: {driver}\": {cause}")]
    Config { path: PathBuf, driver: String, cause: String },
    #[error("{path}: `{field}` is {found:?}, but the folder is called {driver:?}")]
    OtherName { path: PathBuf, field: &'static str, found: String, driver: String },
    #[error("the driver itself is missing: {path} is no program; build it, or copy it there")]
    NoProgram { path: PathBuf },
}

impl From<FolderError> for Error {
    fn from(error: FolderError) -> Self {
        let kind = match &error {
            FolderError::Missing { .. } | FolderError::NoProgram { .. } => ErrorKind::NotFound,
            _ => ErrorKind::InvalidOption,
        };
        Self::wrap(kind, "", error)
    }
}

impl DriverFolder {
    /// Reads and checks all but the driver's own answers. Where the driver itself is not in the
    /// folder, it is what cargo built there.
    ///
    /// # Errors
    /// That say which file is wrong, and how.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let folder = Self::read(path)?;
        if folder.version.is_none() {
            let what = "the driver's version, such as 1.2.3".to_owned();
            return Err(FolderError::Missing { path: path.join(VERSION), what }.into());
        }
        Ok(folder)
    }

    /// As [`DriverFolder::open`], for a driver that may have come without a version.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let no_driver = || FolderError::NoDriver { path: path.to_owned() };
        // `.` and links have the name of what they lead to.
        let real = path.canonicalize().map_err(|_| no_driver())?;
        let name = real.file_name().and_then(|name| name.to_str()).ok_or_else(no_driver)?;
        if !is_driver_name(name) {
            return Err(FolderError::Name { path: path.to_owned() }.into());
        }
        check_config(path, name)?;
        let version = read_version(path)?;
        let program = find_program(path, name)?;
        Ok(Self { name: name.to_owned(), version, program })
    }

    /// A driver that is a program alone. Its version is not known: the protocol has none.
    ///
    /// # Errors
    /// When its name is not that of a driver's program.
    pub(crate) fn of_program(path: &Path) -> Result<Self> {
        let no_driver = || FolderError::NoDriver { path: path.to_owned() };
        let file = path.file_name().and_then(|name| name.to_str()).ok_or_else(no_driver)?;
        let name = file.strip_prefix("docker-machine-driver-").ok_or_else(no_driver)?;
        let name = name.strip_suffix(env::consts::EXE_SUFFIX).unwrap_or(name);
        if !is_driver_name(name) {
            return Err(FolderError::Name { path: path.to_owned() }.into());
        }
        if !platform::is_program(path) {
            return Err(FolderError::NoProgram { path: path.to_owned() }.into());
        }
        Ok(Self { name: name.to_owned(), version: None, program: path.to_owned() })
    }
}

fn read(path: PathBuf) -> Result<Option<String>, FolderError> {
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FolderError::Unreadable { path, source }),
    }
}

fn check_config(folder: &Path, driver: &str) -> Result<(), FolderError> {
    let path = folder.join(CONFIG);
    let Some(text) = read(path.clone())? else {
        let what = format!("\"name: {driver}\" and \"driver: {driver}\"");
        return Err(FolderError::Missing { path, what });
    };
    let config: Config = serde_saphyr::from_str(&text).map_err(|error| {
        // The first line says it; the rest shows the file once more.
        let cause = error.to_string().lines().next().unwrap_or_default().to_owned();
        FolderError::Config { path: path.clone(), driver: driver.to_owned(), cause }
    })?;
    for (field, found) in [("name", config.name), ("driver", config.driver)] {
        if found != driver {
            let driver = driver.to_owned();
            return Err(FolderError::OtherName { path, field, found, driver });
        }
    }
    Ok(())
}

fn read_version(folder: &Path) -> Result<Option<String>, FolderError> {
    let path = folder.join(VERSION);
    let Some(text) = read(path.clone())? else { return Ok(None) };
    let text = text.trim().to_owned();
    match semver::Version::parse(&text) {
        Ok(_) => Ok(Some(text)),
        Err(source) => Err(FolderError::Version { path, text, source }),
    }
}

fn find_program(folder: &Path, driver: &str) -> Result<PathBuf, FolderError> {
    let file = program_name(driver);
    let given = env::var_os("CARGO_TARGET_DIR").filter(|path| !path.is_empty());
    let built = given.into_iter().chain(["target".into()]).map(|target| folder.join(target));
    let built = built.flat_map(|target| ["release", "debug"].map(|kind| target.join(kind)));
    let is_crate = folder.join("Cargo.toml").is_file();
    let places = std::iter::once(folder.to_owned()).chain(built.filter(|_| is_crate));
    let mut found = places.flat_map(|place| platform::executables(&place, &file));
    found.next().ok_or_else(|| FolderError::NoProgram { path: folder.join(file) })
}

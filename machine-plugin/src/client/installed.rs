use crate::client::folder::{CONFIG, DriverFolder, VERSION, is_driver_name, program_name};
use crate::client::{Driver, PluginProvider};
use crate::platform;
use machine_core::{Error, ErrorKind, Result};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Drivers in a folder of their own, each in a folder of its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InstalledDrivers {
    root: PathBuf,
    reserved: Vec<String>,
}

/// A driver that is installed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Its version, where it came with one.
    pub version: Option<String>,
    /// The driver itself.
    pub path: PathBuf,
}

impl InstalledDrivers {
    /// Drivers in `root`, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), reserved: Vec::new() }
    }

    /// Refuses to install drivers of these names, which would never be used.
    #[must_use]
    pub fn with_reserved<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.reserved = names.into_iter().map(Into::into).collect();
        self
    }

    /// The driver of that name.
    pub fn find(&self, name: &str) -> Option<Driver> {
        if !is_driver_name(name) {
            return None;
        }
        let found = platform::executables(&self.root.join(name), &program_name(name));
        Some(Driver::new(name, std::path::absolute(found.into_iter().next()?).ok()?))
    }

    /// All that is installed, sorted by name; what is damaged is an error with its name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<(String, Result<Installed>)>> {
        let files = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            files => files.map_err(|error| failed("read", &self.root, error))?,
        };
        let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| is_driver_name(name)).collect();
        names.sort();
        let installed = names.into_iter().map(|name| {
            let installed = DriverFolder::read(&self.root.join(&name)).map(Installed::from);
            (name, installed)
        });
        Ok(installed.collect())
    }

    /// Installs a driver's folder, or a program `docker-machine-driver-NAME` alone, in the place of
    /// what was installed by its name. The driver is started once, and must answer by its name.
    ///
    /// # Errors
    /// That say which file is wrong, and how; then nothing has changed.
    pub async fn install(&self, from: &Path) -> Result<Installed> {
        let found = match from.is_dir() {
            true => DriverFolder::open(from)?,
            false => DriverFolder::of_program(from)?,
        };
        if self.reserved.contains(&found.name) {
            let text = format!(
                "driver {:?} is part of this program: another of its name would never be used",
                found.name
            );
            return Err(Error::new(ErrorKind::Conflict, "", text));
        }
        answers_by_its_name(&found).await?;
        self.put(&found)
    }

    /// Copies it beside its place, so that it appears whole.
    fn put(&self, found: &DriverFolder) -> Result<Installed> {
        platform::create_private_folder(&self.root).map_err(|e| failed("make", &self.root, e))?;
        let staged = self.staging()?;
        let write = |file: &str, text: &str| {
            let path = staged.path().join(file);
            let written = File::create(&path).and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            });
            written.map_err(|error| failed("write", &path, error))
        };
        write(CONFIG, &format!("name: {0}\ndriver: {0}\n", found.name))?;
        if let Some(version) = &found.version {
            write(VERSION, &format!("{version}\n"))?;
        }
        let file = found.program.file_name().unwrap_or(OsStr::new("driver"));
        let program = staged.path().join(file);
        platform::copy_program(&found.program, &program)
            .map_err(|error| failed("copy", &found.program, error))?;
        let place = self.root.join(&found.name);
        let old = self.set_aside(&place)?;
        fs::rename(staged.path(), &place).map_err(|error| failed("make", &place, error))?;
        platform::sync_folder(&self.root).map_err(|error| failed("sync", &self.root, error))?;
        drop(old);
        Ok(Installed {
            name: found.name.clone(),
            version: found.version.clone(),
            path: place.join(file),
        })
    }

    /// Removes a driver. One that is not there is an error.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; when it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<()> {
        let place = self.root.join(name);
        if !is_driver_name(name) || !place.is_dir() {
            let text = format!("Driver {name:?} is not installed");
            return Err(Error::new(ErrorKind::NotFound, "", text));
        }
        drop(self.set_aside(&place)?);
        platform::sync_folder(&self.root).map_err(|error| failed("sync", &self.root, error))
    }

    /// A folder whose name no driver has.
    fn staging(&self) -> Result<tempfile::TempDir> {
        let made = tempfile::Builder::new().prefix(".").tempdir_in(&self.root);
        made.map_err(|error| failed("make a folder in", &self.root, error))
    }

    /// Moves away what is at `place`; it is deleted with what comes back.
    fn set_aside(&self, place: &Path) -> Result<Option<tempfile::TempDir>> {
        if !place.exists() {
            return Ok(None);
        }
        let aside = self.staging()?;
        fs::rename(place, aside.path().join("old")).map_err(|e| failed("move", place, e))?;
        Ok(Some(aside))
    }
}

impl From<DriverFolder> for Installed {
    fn from(folder: DriverFolder) -> Self {
        Self { name: folder.name, version: folder.version, path: folder.program }
    }
}

async fn answers_by_its_name(found: &DriverFolder) -> Result<()> {
    let path = std::path::absolute(&found.program);
    let path = path.map_err(|error| failed("find", &found.program, error))?;
    let said = PluginProvider::new(Driver::new(&found.name, path)).identify().await;
    let shown = found.program.display();
    let said = said.map_err(|error| {
        let text = format!("{shown} does not answer as a driver");
        Error::new(error.kind(), "", text).with_source(error)
    })?;
    if said != found.name {
        let text = format!("{shown} says that it is driver {said:?}, not {:?}", found.name);
        return Err(Error::new(ErrorKind::InvalidOption, "", text));
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => ErrorKind::Permission,
        _ => ErrorKind::Other,
    };
    Error::new(kind, "", format!("cannot {what} {}", path.display())).with_source(error)
}

//! moto, which imitates Amazon's services, in a Python environment of our own.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use crate::cache::folder;
use crate::error::{Error, Result};
use crate::process::run;

/// Tests know this version's gaps.
const MOTO: &str = "moto[server,ec2]==5.2.5";

/// The Debian package that [`moto`] needs and that is not here; none where Python can make environments.
#[must_use]
pub fn missing_for_moto() -> Option<&'static str> {
    let able = run(Command::new("python3").args(["-c", "import ensurepip, venv"]));
    able.is_err().then_some("python3-venv")
}

/// A Python interpreter that has moto, installed from PyPI where it is not here yet. A cut-off installation is begun
/// anew.
///
/// # Errors
/// When there is no Python, or PyPI cannot be reached.
pub fn moto() -> Result<PathBuf> {
    let version = MOTO.rsplit('=').next().unwrap_or_default();
    let folder = folder()?.join(format!("moto-{version}"));
    let (venv, done) = (folder.join("venv"), folder.join("installed"));
    let python = venv.join("bin/python");
    if done.exists() {
        return Ok(python);
    }
    let failed = || format!("cannot make {}", folder.display());
    fs::create_dir_all(&folder).map_err(Error::doing(failed()))?;
    let lock = File::create(folder.join("lock")).map_err(Error::doing(failed()))?;
    lock.lock().map_err(Error::doing(failed()))?; // other processes install too
    if done.exists() {
        return Ok(python);
    }
    if venv.exists() {
        fs::remove_dir_all(&venv).map_err(Error::doing(failed()))?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", MOTO]))?;
    File::create(&done).map_err(Error::doing(failed()))?;
    Ok(python)
}

//! Peers written in Go, on the original library.
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Set where nothing may be skipped.
const REQUIRED: &str = "MACHINE_TESTS_REQUIRED";

/// One of `driver`, `client` and `gob`; `None`, with the reason printed, where Go cannot build it.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOLDER.get_or_init(build) {
        Ok(folder) => Some(folder.join(name)),
        Err(reason) if std::env::var_os(REQUIRED).is_some_and(|v| v == "1") => {
            panic!("no Go peers: {reason}")
        }
        Err(reason) => {
            #[expect(clippy::explicit_write, reason = "the test runner hides the macro's text")]
            writeln!(io::stderr(), "skipped: no Go peers: {reason}").unwrap();
            None
        }
    }
}

fn build() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../machine-plugin/tests/go");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-peers");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    // Other test processes build the same, and may be running what is built.
    let lock = File::create(folder.join("lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    let new = folder.join("new");
    fs::create_dir_all(&new).map_err(|e| e.to_string())?;
    let mut go = Command::new("go");
    go.current_dir(source).env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0");
    go.args(["build", "-o"]).arg(format!("{}/", new.display())).arg("./...");
    let built = go.output().map_err(|e| format!("go: {e}"))?;
    if !built.status.success() {
        return Err(String::from_utf8_lossy(&built.stderr).into_owned());
    }
    for file in fs::read_dir(&new).map_err(|e| e.to_string())? {
        let file = file.map_err(|e| e.to_string())?;
        fs::rename(file.path(), folder.join(file.file_name())).map_err(|e| e.to_string())?;
    }
    Ok(folder)
}

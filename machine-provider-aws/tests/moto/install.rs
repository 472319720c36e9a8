//! moto in a virtual environment of our own, and one server of it for each test process.
use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The version that the proxy's patches fit.
const MOTO: &str = "moto[server,ec2]==5.2.5";
const SERVE: &str = include_str!("serve.py");
const IMAGES: &str = include_str!("images.json");

struct Server {
    port: u16,
    /// Its standard input ends with this process, and it with that.
    _child: Child,
}

/// Port of the running server; why there is none otherwise.
pub(crate) fn port() -> Result<u16, String> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    SERVER.get_or_init(start).as_ref().map(|server| server.port).map_err(Clone::clone)
}

fn start() -> Result<Server, String> {
    let folder = cache()?;
    fs::create_dir_all(&folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
    let lock = File::create(folder.join("lock")).map_err(|e| format!("cannot lock: {e}"))?;
    lock.lock().map_err(|e| format!("cannot lock: {e}"))?; // other test processes install too
    let python = install(&folder)?;
    let images = folder.join("images.json");
    fs::write(&images, IMAGES).map_err(|e| format!("cannot write the images: {e}"))?;
    drop(lock);
    let mut child = Command::new(python)
        .args(["-c", SERVE])
        .env("MOTO_AMIS_PATH", images)
        .env("MOTO_ENABLE_AMI_VALIDATION", "true")
        .env("MOTO_ENABLE_KEYPAIR_VALIDATION", "true")
        .env("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("cannot start moto: {e}"))?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(|e| format!("moto: {e}"))?;
    }
    let port = line.trim().parse().map_err(|_| "moto ended before it listened".to_owned())?;
    Ok(Server { port, _child: child })
}

fn cache() -> Result<PathBuf, String> {
    let own = env::var_os("MACHINE_TESTBED_CACHE").filter(|value| !value.is_empty());
    let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = own.map(PathBuf::from).or_else(|| {
        let caches = xdg.or_else(|| env::home_dir().map(|home| home.join(".cache")));
        caches.map(|caches| caches.join("machine-testbed"))
    });
    let version = MOTO.rsplit('=').next().unwrap_or_default();
    Ok(base.ok_or("no cache folder: set MACHINE_TESTBED_CACHE")?.join(format!("moto-{version}")))
}

/// The environment's interpreter. Installed once; a cut-off installation is begun anew.
fn install(folder: &Path) -> Result<PathBuf, String> {
    let (venv, done) = (folder.join("venv"), folder.join("installed"));
    let python = venv.join("bin/python");
    if done.exists() {
        return Ok(python);
    }
    if venv.exists() {
        fs::remove_dir_all(&venv).map_err(|e| format!("cannot clear {}: {e}", venv.display()))?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", MOTO]))?;
    File::create(&done).map_err(|e| format!("cannot write {}: {e}", done.display()))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|e| format!("cannot run {command:?}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

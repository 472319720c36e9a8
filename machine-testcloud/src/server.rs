//! One server of moto for each test process.
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

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
    let python = machine_testbed::moto().map_err(|error| format!("{error:?}"))?;
    let mut child = Command::new(python)
        .args(["-c", SERVE])
        .env("IMAGES", IMAGES)
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

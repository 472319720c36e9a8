use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use machine_testbed::{Bed, HostKind};

const CHILD: &str = "TESTBED_CHILD";

/// Not a test of its own: what the killed process of the next test does.
#[test]
fn child() {
    let Some(role) = env::var_os(CHILD) else { return };
    let bed = Bed::get().unwrap();
    let host = (role == "boot").then(|| bed.host(HostKind::Plain).unwrap());
    let address = host.as_ref().map(|host| host.address().to_string()).unwrap_or_default();
    writeln!(std::io::stdout(), "\naddress {address}").unwrap();
    // Until killed, or until the parent ends.
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn spawn(role: &str) -> (std::process::Child, String) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "owners::child", "--nocapture"])
        .env(CHILD, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("address ").map(str::to_owned))
        .unwrap();
    (child, address)
}

#[test]
fn a_killed_processs_host_is_removed_by_the_next() {
    let Some(_bed) = Bed::or_skip() else { return };
    let (mut first, address) = spawn("boot");
    TcpStream::connect((address.as_str(), 22)).unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    TcpStream::connect((address.as_str(), 22)).expect("it outlives its process");
    let (mut second, _) = spawn("look");
    let limit = std::time::Duration::from_millis(500);
    let gone = format!("{address}:22").parse().unwrap();
    assert!(TcpStream::connect_timeout(&gone, limit).is_err());
    second.stdin.take();
    assert!(second.wait().unwrap().success());
}

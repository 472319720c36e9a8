use std::env;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

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

struct Process {
    child: Child,
    address: String,
    // Read from until it ends, else it fails for want of a reader.
    _lines: Lines<BufReader<ChildStdout>>,
}

fn spawn(role: &str) -> Process {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "owners::child", "--nocapture"])
        .env(CHILD, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("address ").map(str::to_owned))
        .unwrap();
    Process { child, address, _lines: lines }
}

#[test]
fn a_killed_processs_host_is_removed_by_the_next() {
    let Some(_bed) = Bed::or_skip() else { return };
    let mut first = spawn("boot");
    let address = format!("{}:22", first.address).parse().unwrap();
    let limit = Duration::from_secs(5);
    TcpStream::connect_timeout(&address, limit).unwrap();
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    TcpStream::connect_timeout(&address, limit).expect("it outlives its process");
    let mut second = spawn("look");
    assert!(TcpStream::connect_timeout(&address, limit).is_err());
    second.child.stdin.take();
    assert!(second.child.wait().unwrap().success());
}

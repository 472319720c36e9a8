use std::net::SocketAddr;
use std::process::Stdio;

use machine_testbed::{Bed, HostKind};

use crate::{ssh, ssh_command, text};

#[test]
fn a_small_disk_fills_up_and_is_lifted() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    let disk = host.limit_disk("/usr", 100_000).unwrap();
    let full = host.try_exec("head -c 200000 /dev/zero >/usr/share/big").unwrap();
    assert!(full.stderr.contains("No space left on device"), "{}", full.stderr);
    host.exec("rm /usr/share/big; head -c 10000 /dev/zero >/usr/share/small").unwrap();
    disk.lift().unwrap();
    host.exec("head -c 200000 /dev/zero >/usr/share/big").unwrap();
}

#[test]
fn apt_waits_for_the_held_lock() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Plain).unwrap();
    host.exec("apt-get -qq update").unwrap();
    let install = "apt-get -qq install iptables";
    {
        let _lock = host.hold_dpkg_lock().unwrap();
        assert!(host.hold_dpkg_lock().is_err());
        let held = host.try_exec(install).unwrap();
        assert!(held.stderr.contains("Could not get lock"), "{}", held.stderr);
    }
    host.exec(install).unwrap();
}

#[test]
fn an_unplugged_host_comes_back() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    host.unplug().unwrap();
    assert!(!ssh(&host, "root", "true").status.success());
    host.plug_in().unwrap();
    let again = ssh(&host, "root", "true");
    assert!(again.status.success(), "{}", text(&again.stderr));
}

#[test]
fn a_replaced_host_key_is_served() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    let old = host.host_key().unwrap();
    let new = host.replace_host_key().unwrap();
    assert_ne!(old, new);
    let scan = std::process::Command::new("ssh-keyscan")
        .args(["-t", "ed25519", &host.address().to_string()])
        .output()
        .unwrap();
    assert!(text(&scan.stdout).ends_with(&new));
}

#[test]
fn ssh_is_refused_and_dropped() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    let mut open = ssh_command(&host, "deploy", "echo in; cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut pipe = std::io::BufReader::new(open.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut pipe, &mut line).unwrap();
    assert_eq!(line, "in\n");
    host.stop_ssh().unwrap();
    assert!(text(&ssh(&host, "root", "true").stderr).contains("refused"));
    host.drop_ssh_connections().unwrap();
    assert!(!open.wait().unwrap().success());
    host.start_ssh().unwrap();
    assert!(ssh(&host, "root", "true").status.success());
}

#[test]
fn a_host_reaches_a_server_of_the_test() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Plain).unwrap();
    let server = std::net::TcpListener::bind(SocketAddr::new(host.gateway().into(), 0)).unwrap();
    let url = format!("http://{}/install.sh", server.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = server.accept().unwrap();
        stream.read_exact(&mut [0; 16]).unwrap();
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\necho installed\n").unwrap();
    });
    assert_eq!(host.exec(&format!("curl -fsS {url} | sh")).unwrap(), "installed\n");
    serving.join().unwrap();
}

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use machine_testbed::{Bed, HostKind};

use crate::{ssh, text};

#[test]
fn a_docker_host_runs_a_container() {
    let Some(bed) = Bed::or_skip() else { return };
    bed.prepare(HostKind::Docker).unwrap();
    let begin = Instant::now();
    let host = bed.host(HostKind::Docker).unwrap();
    println!("ready after {:?}", begin.elapsed());
    host.load_busybox().unwrap();
    assert_eq!(host.exec("docker run --rm busybox echo hello").unwrap(), "hello\n");
    assert_eq!(host.exec("systemctl is-system-running").unwrap(), "running\n");
    assert_eq!(text(&ssh(&host, "root", "hostname").stdout), host.name());
    println!("all done after {:?}", begin.elapsed());
}

#[test]
fn users_have_the_rights_that_are_promised() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    assert_eq!(text(&ssh(&host, "root", "id -un").stdout), "root");
    assert_eq!(text(&ssh(&host, "deploy", "sudo -n id -un").stdout), "root");
    assert_eq!(text(&ssh(&host, "guest", "id -un").stdout), "guest");
    assert!(!ssh(&host, "guest", "sudo -n id -un").status.success());
    assert_eq!(host.ssh_logins().unwrap(), 4);
}

#[test]
fn containers_are_published_on_the_hosts_address() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    host.load_busybox().unwrap();
    host.exec(
        "docker run -d --memory 64m -p 8080:80 busybox sh -c 'echo yes >/tmp/index.html; httpd -f -h /tmp -p 80'",
    )
    .unwrap();
    let url = format!("http://{}:8080/", host.address());
    let answer = Command::new("/bin/busybox")
        .args(["timeout", "20", "sh", "-c", "until wget -q -O - \"$0\"; do sleep 0.1; done", &url])
        .output()
        .unwrap();
    assert_eq!(text(&answer.stdout), "yes");
}

#[test]
fn docker_can_be_installed_offline() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Plain).unwrap();
    assert_ne!(host.try_exec("command -v dockerd").unwrap().status, 0);
    let begin = Instant::now();
    let script =
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install docker.io";
    let install = ssh(&host, "root", script);
    assert!(install.status.success(), "{}", text(&install.stderr));
    println!("installed in {:?}", begin.elapsed());
    host.wait_docker().unwrap();
    host.load_busybox().unwrap();
    assert_eq!(host.exec("docker run --rm busybox echo hello").unwrap(), "hello\n");
}

#[test]
fn the_new_engine_validates_its_options() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::NewDocker).unwrap();
    assert_eq!(host.try_exec("dockerd --validate").unwrap().status, 0);
    host.load_busybox().unwrap();
    assert_eq!(host.exec("docker run --rm busybox echo hello").unwrap(), "hello\n");
}

#[test]
fn eight_hosts_boot_at_once() {
    let Some(bed) = Bed::or_skip() else { return };
    bed.prepare(HostKind::Docker).unwrap();
    let begin = Instant::now();
    let hosts = bed.hosts(HostKind::Docker, 8).unwrap();
    println!("eight are ready after {:?}", begin.elapsed());
    let addresses: BTreeSet<_> = hosts.iter().map(|host| host.address()).collect();
    let keys: BTreeSet<_> = hosts.iter().map(|host| host.host_key().unwrap()).collect();
    assert_eq!((addresses.len(), keys.len()), (8, 8));
    for host in &hosts {
        assert_eq!(text(&ssh(host, "root", "hostname").stdout), host.name());
    }
}

#[test]
fn a_reboot_keeps_address_key_and_files() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    let before = (host.host_key().unwrap(), boot(&host));
    host.write("/etc/kept/file", "kept").unwrap();
    ssh(&host, "deploy", "sudo reboot");
    wait_for_next_boot(&host, &before.1);
    host.wait_ready().unwrap();
    assert_eq!(host.host_key().unwrap(), before.0);
    assert_eq!(host.exec("cat /etc/kept/file").unwrap(), "kept");
    assert_eq!(text(&ssh(&host, "root", "hostname").stdout), host.name());
}

#[test]
fn a_host_is_switched_off_and_on() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    host.stop().unwrap();
    assert!(!host.is_running().unwrap());
    assert!(!ssh(&host, "root", "true").status.success());
    host.start().unwrap();
    host.wait_ready().unwrap();
    assert!(ssh(&host, "root", "true").status.success());
    host.kill().unwrap();
    assert!(!host.is_running().unwrap());
    host.start().unwrap();
    host.wait_ready().unwrap();
    host.pause().unwrap();
    host.resume().unwrap();
    assert!(ssh(&host, "root", "true").status.success());
}

#[test]
fn a_host_that_shuts_itself_down_stays_off() {
    let Some(bed) = Bed::or_skip() else { return };
    let host = bed.host(HostKind::Docker).unwrap();
    ssh(&host, "root", "poweroff");
    host.wait_off().unwrap();
    host.start().unwrap();
    host.wait_ready().unwrap();
}

/// The boot's own id: what the kernel has is the same for every host.
fn boot(host: &machine_testbed::Host) -> String {
    host.exec("systemctl show --property UserspaceTimestampMonotonic").unwrap()
}

fn wait_for_next_boot(host: &machine_testbed::Host, last: &str) {
    let begin = Instant::now();
    loop {
        let now = host.try_exec("systemctl show --property UserspaceTimestampMonotonic").unwrap();
        if now.status == 0 && now.stdout != last {
            return;
        }
        assert!(begin.elapsed().as_secs() < 60, "the host does not boot again");
    }
}

//! A machine that exists: set up again, and booted again.
use crate::bench::Bench;
use machine_testbed::HostKind;

const STARTED: &str = "systemctl show --property=ActiveEnterTimestampMonotonic docker";

#[test]
fn provision_changes_nothing_where_all_is_well() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    bench.create(&host, &[], "m").ok();
    let before = host.exec(STARTED).unwrap();
    bench.run(&["provision", "m"]).ok();
    assert_eq!(host.exec(STARTED).unwrap(), before, "the engine was restarted");
    bench.run(&["regenerate-certs", "-f", "m"]).ok();
    assert_ne!(host.exec(STARTED).unwrap(), before, "a new certificate needs a restart");
    bench.docker("m", &["version"]).ok();
}

#[test]
fn restart_boots_the_host_again() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    // Not the port that Docker Machine waits for.
    bench.create(&host, &["--generic-engine-port=12376"], "m").ok();
    let boot = "cut -d' ' -f22 /proc/1/stat";
    let before = host.exec(boot).unwrap();
    let said = bench.run(&["restart", "m"]).ok();
    assert!(said.starts_with("Restarting \"m\"...\n"), "{said}");
    assert_ne!(host.exec(boot).unwrap(), before, "the host was not booted again");
    bench.docker("m", &["version"]).ok();
}

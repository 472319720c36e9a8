//! An instance that is a real host: moto says that it runs, and its address leads to sshd and dockerd.
use crate::answer::Answer;
use crate::bench::Bench;
use machine_testbed::{Bed, Host, HostKind};
use machine_testcloud::{Answer as Reply, Request};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Waits of services and of hosts that boot in seconds.
const SCALE: f64 = 0.25;

/// What cloud-init does with a key pair.
fn let_in(host: &Host, call: &Request) {
    let key = call.field("PublicKeyMaterial");
    let file = "/home/deploy/.ssh/authorized_keys";
    host.exec(&format!("(echo; echo '{key}' | base64 -d; echo) >>{file}")).unwrap();
}

/// Another address of the host, out of the range that links take theirs from.
fn move_to(host: &Host) -> Ipv4Addr {
    let [a, b, c, d] = host.address().octets();
    let new = Ipv4Addr::new(a, b, c + 128, d);
    host.exec(&format!("ip address replace {new}/32 dev eth0")).unwrap();
    let (to, via) = (format!("{new}/32"), host.address().to_string());
    let routed = Command::new("ip").args(["route", "replace", &to, "via", &via]).status();
    assert!(routed.unwrap().success());
    new
}

/// A real docker client, with the environment that `env m` prints.
fn docker(bench: &Bench, bed: &Bed, args: &[&str]) -> Answer {
    let exports = bench.run(&["env", "m"]).ok();
    let script = format!("{exports}\nexec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]).arg(bed.docker_client()).args(args);
    command.env("HOME", bench.home()).stdin(Stdio::null());
    Answer::new(command.output().unwrap())
}

#[test]
fn a_container_runs_on_an_instance_wherever_it_moves() {
    let Some(bed) = Bed::or_skip() else { return };
    let Some(bench) = Bench::with_scale(SCALE) else { return };
    bench.use_ssh();
    let host = Arc::new(bed.host(HostKind::Docker).unwrap());
    bench.cloud.set_address(&host.address().to_string());
    let instance = host.clone();
    bench.cloud.set_hook(move |call| {
        if call.action == "ImportKeyPair" {
            let_in(&instance, call);
        }
        Reply::Pass
    });
    let create = ["create", "-d", "amazonec2", "--amazonec2-ssh-user", "deploy", "m"];
    let said = bench.run(&create).ok();
    assert!(said.contains("\nDocker is up and running!\n"), "{said}");
    host.load_busybox().unwrap();
    let run = ["run", "--rm", "busybox", "echo", "hello"];
    assert_eq!(docker(&bench, bed, &run).stdout, "hello\n");
    assert_eq!(bench.run(&["ip", "m"]).ok(), format!("{}\n", host.address()));
    let listed = bench.run(&["ls", "--format", "{{.Name}} {{.State}} {{.URL}} {{.Error}}"]).ok();
    assert_eq!(listed, format!("m Running tcp://{}:2376 \n", host.address()));

    // It is started again somewhere else.
    bench.run(&["stop", "m"]).ok();
    assert_eq!(bench.run(&["status", "m"]).ok(), "Stopped\n");
    host.stop().unwrap();
    host.start().unwrap();
    let moved = move_to(&host);
    bench.cloud.set_address(&moved.to_string());
    let said = bench.run(&["start", "m"]).ok();
    assert!(said.contains("Copying certs to the remote machine..."), "{said}");
    assert_eq!(bench.run(&["url", "m"]).ok(), format!("tcp://{moved}:2376\n"));
    let address = bench.run(&["inspect", "-f", "{{.Driver.IPAddress}}", "m"]).ok();
    assert_eq!(address, format!("{moved}\n"));
    assert_eq!(docker(&bench, bed, &run).stdout, "hello\n");

    // And once more, where nothing changed and so nothing is done.
    bench.run(&["stop", "m"]).ok();
    let said = bench.run(&["start", "m"]).ok();
    assert!(!said.contains("Copying certs"), "{said}");
    assert_eq!(docker(&bench, bed, &run).stdout, "hello\n");
    bench.run(&["rm", "-y", "m"]).ok();
    assert_eq!((bench.resources(), bench.left()), (vec![], vec![]));
}

//! SIGKILL at every durable write and every round trip: `rm -y` then leaves nothing.
//!
//! strace kills the binary as it enters the n-th system call of a kind, for every n that there is.
use crate::answer::Answer;
use crate::bench::Bench;
use machine_testbed::{Host, HostKind};
use std::process::Command;

/// What a store is written with; journal records are synced one by one.
const STORE: &[&str] =
    &["mkdir", "rename,renameat,renameat2", "fsync", "fdatasync", "unlink,unlinkat,rmdir"];
/// Round trips are written to the pipe of the one SSH child.
const TRIPS: &[&str] = &["pwrite64", "write"];
/// More calls of a kind than any command makes.
const MANY: usize = 400;

/// Runs the binary until it enters call number `nth` of `calls`, counted in each thread. True when
/// it was killed.
fn killed(bench: &Bench, calls: &str, nth: usize, args: &[&str]) -> (bool, Answer) {
    let inner = bench.command(args);
    let mut command = Command::new("strace");
    command.args(["-f", "-qqq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
    command.args(["-e", &format!("inject={calls}:signal=KILL:when={nth}"), "--"]);
    command.arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(k, v)| Some((k, v?))));
    command.current_dir(bench.home()).stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    use std::os::unix::process::ExitStatusExt as _;
    (output.status.signal() == Some(9) || output.status.code() == Some(137), Answer::new(output))
}

/// `rm -y` is the user's next command. Where the entry had not appeared yet, there is none to remove.
fn rm_leaves_nothing(bench: &Bench, when: &str) {
    let removed = bench.run(&["rm", "-y", "m"]);
    let unknown = removed.exit == Some(1) && removed.stderr.contains("does not exist");
    assert!(unknown || removed.exit == Some(0), "{when}: {removed:?}");
    assert_eq!(bench.left(), Vec::<String>::new(), "{when}");
}

fn killed_creates(bench: &Bench, calls: &[&str], args: &[&str], check: impl Fn(&str)) -> usize {
    let mut kills = 0;
    for calls in calls {
        for nth in 1..=MANY {
            assert!(nth < MANY, "create never ends");
            let (dead, answer) = killed(bench, calls, nth, args);
            // Where the SSH child was the one that died, the binary says so.
            let child = answer.exit == Some(1) && answer.stderr.contains("SSH");
            assert!(dead || child || answer.exit == Some(0), "{calls} {nth}: {answer:?}");
            rm_leaves_nothing(bench, &format!("killed at {calls} number {nth}"));
            if !dead && !child {
                break;
            }
            check(&format!("killed at {calls} number {nth}"));
            kills += 1;
        }
    }
    kills
}

fn killed_removals(bench: &Bench, create: &[&str], calls: &[&str]) -> usize {
    let mut kills = 0;
    for calls in calls {
        for nth in 1..=MANY {
            assert!(nth < MANY, "rm never ends");
            bench.run(create).ok();
            let (dead, answer) = killed(bench, calls, nth, &["rm", "-y", "m"]);
            assert!(dead || answer.exit == Some(0), "{calls} {nth}: {answer:?}");
            rm_leaves_nothing(bench, &format!("rm killed at {calls} number {nth}"));
            if !dead {
                break;
            }
            kills += 1;
        }
    }
    kills
}

const NONE: &[&str] = &["create", "-d", "none", "--url", "tcp://127.0.0.1:2376", "m"];

#[test]
fn create_of_none() {
    let Some(bench) = Bench::or_skip() else { return };
    let kills = killed_creates(&bench, STORE, NONE, |_| {});
    assert!(kills > 10, "only {kills} kills");
}

#[test]
fn rm() {
    let Some(bench) = Bench::or_skip() else { return };
    let kills = killed_removals(&bench, NONE, STORE);
    assert!(kills > 3, "only {kills} kills");
}

fn generic(bench: &Bench, host: &Host) -> Vec<String> {
    let _ = bench;
    let mut args = vec!["create".to_owned()];
    args.extend(Bench::flags(host));
    args.push("m".to_owned());
    args
}

#[test]
fn create_of_generic_at_every_durable_write() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let args = generic(&bench, &host);
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let kills = killed_creates(&bench, STORE, &args, |_| {});
    assert!(kills > 15, "only {kills} kills");
    the_host_still_serves(&bench, &host, &args);
}

#[test]
fn create_of_generic_at_every_round_trip() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let args = generic(&bench, &host);
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let kills = killed_creates(&bench, TRIPS, &args, |when| {
        // What a dead command had begun on the host ends there, one way or the other.
        host.wait_docker().unwrap_or_else(|e| panic!("{when}: {e}"));
    });
    assert!(kills > 3, "only {kills} kills");
    the_host_still_serves(&bench, &host, &args);
}

fn the_host_still_serves(bench: &Bench, host: &Host, args: &[&str]) {
    host.wait_docker().unwrap();
    bench.run(args).ok();
    bench.docker("m", &["version"]).ok();
    bench.run(&["rm", "-y", "m"]).ok();
}

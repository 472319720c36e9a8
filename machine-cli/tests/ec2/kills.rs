//! Whatever happens to the binary at whatever call: one `rm -y` later nothing of ours is left, and
//! nothing of a neighbour's is touched.
use crate::answer::Answer;
use crate::bench::Bench;
use machine_core::Clock;
use machine_host::RealClock;
use machine_testcloud::{Answer as Reply, Request};
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// More calls than any command makes.
const MANY: usize = 200;
/// For this long, listings do not show what a call did.
const LAG: Duration = Duration::from_secs(30);

/// What happens at one call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// It is carried out, and the binary killed before it hears of that.
    Kill,
    /// It is refused.
    Refuse,
    /// The service is down for this one call.
    Unavailable,
    /// It is carried out, and nobody hears of that.
    LoseReply,
    /// The same, and listings are behind for half a minute.
    LoseReplyAndLag,
}

impl Fault {
    fn answer(self, killed: &Sender<()>) -> Reply {
        match self {
            Self::Kill => {
                let killed = killed.clone();
                Reply::Never(Box::new(move || killed.send(()).unwrap_or_default()))
            }
            Self::Refuse => Reply::Refuse(403, "UnauthorizedOperation", "you may not do that"),
            Self::Unavailable => Reply::Refuse(503, "Unavailable", "come back later"),
            Self::LoseReply | Self::LoseReplyAndLag => Reply::LoseReply,
        }
    }
}

/// Distinct calls of one command: of a poll, the first. A repeat after a fault is the same call.
struct Calls {
    seen: BTreeSet<String>,
    passed: usize,
    nth: usize,
    fault: Fault,
    clock: RealClock,
    /// When the fault struck.
    struck: Option<Duration>,
}

impl Calls {
    fn answer(&mut self, call: &Request, killed: &Sender<()>) -> Reply {
        let is_lagging = self.fault == Fault::LoseReplyAndLag
            && self.struck.is_some_and(|since| self.clock.now() < since + LAG);
        if is_lagging && call.is_look() && !call.is_by_id() {
            return Reply::Pretend;
        }
        // The group is looked at for the check, and again before the launch.
        let is_new = self.seen.insert(format!("{} {:?}", call.action, call.fields))
            || call.action == "DescribeSecurityGroups";
        if self.struck.is_some() || !is_new {
            return Reply::Pass;
        }
        self.passed += 1;
        if self.passed <= self.nth {
            return Reply::Pass;
        }
        self.struck = Some(self.clock.now());
        self.fault.answer(killed)
    }
}

/// Runs a command whose distinct call number `nth` meets with `fault`; whether there was such a call.
fn meets(bench: &Bench, fault: Fault, nth: usize, args: &[&str]) -> bool {
    let (killed, hears): (_, Receiver<()>) = channel();
    let clock = RealClock::scaled(bench.scale());
    let calls = Calls { seen: BTreeSet::new(), passed: 0, nth, fault, clock, struck: None };
    let calls = Arc::new(Mutex::new(calls));
    let judge = calls.clone();
    bench.cloud.set_hook(move |call| judge.lock().unwrap().answer(call, &killed));
    let mut command = bench.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        if hears.recv_timeout(Duration::from_millis(5)).is_ok() {
            child.kill().unwrap();
        }
    }
    bench.cloud.clear_hook();
    let struck = calls.lock().unwrap().struck.is_some();
    let by_signal = child.wait().unwrap().signal() == Some(9);
    assert_eq!(by_signal, struck && fault == Fault::Kill, "{fault:?} at call {nth}");
    struck
}

/// `rm -y` is the user's next command. Where the entry had not appeared yet, there is none to remove,
/// and `gc -y` sees to the rest, if there is one.
fn leaves_nothing(bench: &Bench, neighbour: &[String], when: &str) {
    let removed = bench.run(&["rm", "-y", "m"]);
    let unknown = removed.exit == Some(1) && removed.stderr.contains("does not exist");
    assert!(unknown || removed.exit == Some(0), "{when}: {removed:?}");
    if unknown {
        bench.run(&["gc", "-y"]).ok();
    }
    assert_eq!(bench.resources(), neighbour, "{when}");
    assert_eq!(bench.left(), Vec::<String>::new(), "{when}");
}

/// An account with a machine of another store in it; what that is made of.
fn neighbourhood() -> Option<(Bench, Vec<String>)> {
    let bench = Bench::or_skip()?;
    let mut command = bench.command(&["create", "-d", "amazonec2", "n"]);
    command.env("MACHINE_STORAGE_PATH", bench.home().join("neighbour"));
    command.env("AWS_SECURITY_GROUP", "theirs");
    let made = Answer::new(command.output().unwrap());
    assert!(made.stderr.contains("Error creating machine"), "{made:?}");
    let neighbour = bench.resources();
    assert_eq!(neighbour.len(), 3, "{neighbour:?}");
    Some((bench, neighbour))
}

fn creates(fault: Fault, more: &[&str]) {
    let Some((bench, neighbour)) = neighbourhood() else { return };
    let args = [&["create", "-d", "amazonec2"], more, &["m"]].concat();
    let mut struck = 0;
    while meets(&bench, fault, struck, &args) {
        leaves_nothing(&bench, &neighbour, &format!("{fault:?} at call {struck} of create"));
        struck += 1;
        assert!(struck < MANY, "create never ends");
    }
    leaves_nothing(&bench, &neighbour, "after a create without a fault");
    // Look-ups, the group and its rules, the key, the launch, the looks at the end.
    assert!(struck >= 11, "only {struck} calls of create");
}

fn removals(fault: Fault) {
    let Some((bench, neighbour)) = neighbourhood() else { return };
    let mut struck = 0;
    loop {
        bench.make(&["m"]);
        let met = meets(&bench, fault, struck, &["rm", "-y", "m"]);
        leaves_nothing(&bench, &neighbour, &format!("{fault:?} at call {struck} of rm"));
        if !met {
            break;
        }
        struck += 1;
        assert!(struck < MANY, "rm never ends");
    }
    // The end of the instance and a look at it, the group looked at and deleted, the key.
    assert!(struck >= 5, "only {struck} calls of rm");
}

#[test]
fn create_is_killed() {
    creates(Fault::Kill, &[]);
}

#[test]
fn create_of_a_spot_instance_is_killed() {
    creates(Fault::Kill, &["--amazonec2-request-spot-instance"]);
}

#[test]
fn create_is_refused() {
    creates(Fault::Refuse, &[]);
}

#[test]
fn create_meets_a_service_that_is_down() {
    creates(Fault::Unavailable, &[]);
}

#[test]
fn create_loses_a_reply() {
    creates(Fault::LoseReply, &[]);
}

#[test]
fn create_loses_a_reply_and_listings_lag() {
    creates(Fault::LoseReplyAndLag, &["--amazonec2-retries", "-1"]);
}

#[test]
fn rm_is_killed() {
    removals(Fault::Kill);
}

#[test]
fn rm_is_refused() {
    removals(Fault::Refuse);
}

#[test]
fn rm_loses_a_reply() {
    removals(Fault::LoseReply);
    removals(Fault::LoseReplyAndLag);
}

/// Lines of all journals.
fn records(bench: &Bench) -> usize {
    let journals = std::fs::read_dir(bench.store().join("journal")).into_iter().flatten();
    let texts = journals.filter_map(|journal| std::fs::read(journal.unwrap().path()).ok());
    texts.map(|text| text.iter().filter(|byte| **byte == b'\n').count()).sum()
}

/// Kills a command once so many records stand in the journal, and before the last is durable: strace
/// holds the command up as it enters each sync.
fn dies_at_record(bench: &Bench, count: usize, args: &[&str]) -> bool {
    let inner = bench.command(args);
    let mut command = Command::new("strace");
    command.args(["-f", "-qqq", "-o", "/dev/null", "-e", "trace=fdatasync"]);
    command.args(["-e", "inject=fdatasync:delay_enter=60000", "--"]);
    command.arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(k, v)| Some((k, v?))));
    command.current_dir(bench.home()).stdin(Stdio::null());
    let mut strace = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let children = format!("/proc/{0}/task/{0}/children", strace.id());
    while strace.try_wait().unwrap().is_none() {
        if records(bench) >= count {
            let traced = std::fs::read_to_string(&children).unwrap_or_default();
            for pid in traced.split_whitespace() {
                Command::new("kill").args(["-KILL", pid]).status().unwrap();
            }
            strace.wait().unwrap();
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn create_dies_at_each_record_of_its_journal() {
    let Some((bench, neighbour)) = neighbourhood() else { return };
    let mut count = 1;
    while dies_at_record(&bench, count, &["create", "-d", "amazonec2", "m"]) {
        leaves_nothing(&bench, &neighbour, &format!("create killed at record {count}"));
        count += 1;
        assert!(count < MANY, "create never ends");
    }
    leaves_nothing(&bench, &neighbour, "after a create that was not killed");
    // What it is about, and an intention and an id for each of three resources.
    assert!(count > 7, "only {count} records");
}

#[test]
fn rm_dies_at_each_record_of_its_journal() {
    let Some((bench, neighbour)) = neighbourhood() else { return };
    let mut more = 1;
    loop {
        bench.make(&["m"]);
        let died = dies_at_record(&bench, records(&bench) + more, &["rm", "-y", "m"]);
        leaves_nothing(&bench, &neighbour, &format!("rm killed at record {more}"));
        if !died {
            break;
        }
        more += 1;
        assert!(more < MANY, "rm never ends");
    }
    // That its end begins, and that it ended, for each of three resources; the last may go unseen,
    // as the journal goes with it.
    assert!(more > 5, "only {more} records");
}

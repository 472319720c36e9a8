//! A command of the binary one of whose calls goes wrong.
use crate::answer::Answer;
use crate::bench::Bench;
use machine_core::Clock;
use machine_host::RealClock;
use machine_testcloud::{Answer as Reply, Request};
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// For this long, listings do not show what was done; and a new instance is unknown by its id too.
const LAG: Duration = Duration::from_secs(30);

/// What happens at one call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// It is carried out, and the binary killed before it hears of that.
    Kill,
    /// The same, and listings are behind for half a minute.
    KillAndLag,
    /// It is carried out, and the user's Ctrl-C comes before the answer.
    Interrupt,
    /// The same, and listings are behind.
    InterruptAndLag,
    /// There is another Ctrl-C at the next call.
    InterruptTwice,
    /// It is refused.
    Refuse,
    /// The service is down for this one call.
    Unavailable,
    /// It is one call too many.
    Throttle,
    /// It is carried out, and the service breaks after that.
    BreakAfter,
    /// It is carried out, and nobody hears of that.
    LoseReply,
    /// The same, and listings are behind.
    LoseReplyAndLag,
}

impl Fault {
    fn answer(self, pid: &Arc<OnceLock<u32>>) -> Reply {
        match self {
            Self::Kill | Self::KillAndLag => stopped(pid, "-KILL"),
            Self::Interrupt | Self::InterruptAndLag | Self::InterruptTwice => stopped(pid, "-INT"),
            Self::Refuse => Reply::Refuse(403, "UnauthorizedOperation", "you may not do that"),
            Self::Unavailable => Reply::Refuse(503, "Unavailable", "come back later"),
            Self::Throttle => Reply::Refuse(503, "RequestLimitExceeded", "too many of these"),
            Self::BreakAfter => Reply::FailAfter(500, "InternalError", "it broke"),
            Self::LoseReply | Self::LoseReplyAndLag => Reply::LoseReply,
        }
    }

    fn lags(self) -> bool {
        matches!(self, Self::KillAndLag | Self::InterruptAndLag | Self::LoseReplyAndLag)
    }

    fn kills(self) -> bool {
        matches!(self, Self::Kill | Self::KillAndLag)
    }

    /// Whether a repeat gets over it, so that the command does what it is for all the same.
    pub(super) fn passes(self) -> bool {
        use Fault::{BreakAfter, LoseReply, LoseReplyAndLag, Throttle, Unavailable};
        matches!(self, Unavailable | Throttle | BreakAfter | LoseReply | LoseReplyAndLag)
    }
}

fn stopped(pid: &Arc<OnceLock<u32>>, signal: &'static str) -> Reply {
    let pid = pid.clone();
    Reply::Never(Box::new(move || {
        let mut kill = Command::new("kill");
        kill.args([signal, &pid.wait().to_string()]).stderr(Stdio::null()).status().unwrap();
    }))
}

/// Distinct calls of one command: of a poll, the first. A repeat after a fault is the same call.
struct Calls {
    seen: BTreeSet<String>,
    passed: usize,
    nth: usize,
    fault: Fault,
    /// Faults to come.
    left: usize,
    clock: RealClock,
    /// When the first struck.
    struck: Option<Duration>,
    /// There is a new instance.
    launched: bool,
    /// Something was asked for that is more than a look.
    changed: bool,
}

impl Calls {
    fn answer(&mut self, call: &Request, pid: &Arc<OnceLock<u32>>) -> Reply {
        let since = self.struck.filter(|_| self.fault.lags());
        let is_lagging = since.is_some_and(|since| self.clock.now() < since + LAG);
        let is_for_new = self.launched && call.filter("instance-id").is_some();
        if is_lagging && call.is_look() && (!call.is_by_id() || is_for_new) {
            return Reply::Pretend;
        }
        if is_lagging && self.launched && call.action == "TerminateInstances" {
            return Reply::Refuse(400, "InvalidInstanceID.NotFound", "there is no such instance");
        }
        self.launched |= call.action == "RunInstances";
        // The group is looked at for the check, and again before the launch.
        let is_new = self.seen.insert(format!("{} {:?}", call.action, call.fields))
            || call.action == "DescribeSecurityGroups";
        if self.left == 0 || (self.struck.is_none() && !is_new) {
            return Reply::Pass;
        }
        self.changed |= self.struck.is_none() && !call.is_look();
        self.passed += 1;
        if self.passed <= self.nth {
            return Reply::Pass;
        }
        self.struck.get_or_insert(self.clock.now());
        self.left -= 1;
        self.fault.answer(pid)
    }
}

/// How a command met with a fault.
#[derive(Debug)]
pub(super) struct Met {
    /// There was such a call.
    pub(super) struck: bool,
    /// Until then, and with it, something was asked for that is more than a look.
    pub(super) changed: bool,
    pub(super) answer: Answer,
}

/// Runs a command whose distinct call number `nth` meets with `fault`. Where listings lag, they lag
/// on after its end, until the hook is cleared.
pub(super) fn meets(bench: &Bench, fault: Fault, nth: usize, args: &[&str]) -> Met {
    let pid = Arc::new(OnceLock::new());
    let calls = Calls {
        seen: BTreeSet::new(),
        passed: 0,
        nth,
        fault,
        left: if fault == Fault::InterruptTwice { 2 } else { 1 },
        clock: RealClock::scaled(bench.scale()),
        struck: None,
        launched: false,
        changed: false,
    };
    let calls = Arc::new(Mutex::new(calls));
    let (judge, whom) = (calls.clone(), pid.clone());
    bench.cloud.set_hook(move |call| judge.lock().unwrap().answer(call, &whom));
    let mut command = bench.command(args);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    pid.set(child.id()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (struck, changed) = {
        let mut calls = calls.lock().unwrap();
        calls.left = 0;
        (calls.struck.is_some(), calls.changed)
    };
    let by_signal = output.status.signal() == Some(9);
    assert_eq!(by_signal, struck && fault.kills(), "{fault:?} at call {nth}");
    Met { struck, changed, answer: Answer::new(output) }
}

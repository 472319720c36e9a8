//! Clocks and counters.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// Times one run; its output goes nowhere.
pub(super) fn once(command: &mut Command) -> Result<Duration> {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let begin = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let output = child.wait_with_output().context("cannot wait for a child")?;
    let took = begin.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {said}");
    Ok(took)
}

/// Medians of commands that take turns, so that a busy moment hits all alike.
pub(super) fn medians<const N: usize>(
    rounds: usize,
    mut commands: [&mut dyn FnMut() -> Command; N],
) -> Result<[Duration; N]> {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=rounds {
        for (make, times) in commands.iter_mut().zip(&mut times) {
            let took = once(&mut make())?;
            // The first round warms caches.
            if round > 0 {
                times.push(took);
            }
        }
    }
    Ok(times.map(median))
}

pub(super) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The most memory that a run holds at once, in MiB (`time`).
pub(super) fn peak_mib(command: &Command) -> Result<u64> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let file = folder.path().join("peak");
    let mut outer = Command::new("/usr/bin/time");
    outer.args(["--format", "%M", "--output"]).arg(&file);
    once(&mut within(outer, command))?;
    let text = fs::read_to_string(&file).context("cannot read what `time` wrote")?;
    let kib: u64 = text.trim().parse().context("cannot read what `time` wrote")?;
    Ok(kib.div_ceil(1024))
}

/// The CPU time of one run, as the mean of several.
pub(super) fn cpu(rounds: u32, mut make: impl FnMut() -> Command) -> Result<Duration> {
    let before = children_time()?;
    for _ in 0..rounds {
        once(&mut make())?;
    }
    Ok(children_time()?.saturating_sub(before) / rounds)
}

/// CPU time of all children that have ended, in user and system mode (proc(5): `cutime`, `cstime`,
/// in ticks of which Linux shows 100 a second).
fn children_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").context("cannot read /proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(13).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>();
    Ok(Duration::from_millis(ticks.context("cannot read /proc/self/stat")? * 10))
}

/// How many processes a run starts besides itself (`strace`).
pub(super) fn children(command: &Command) -> Result<u64> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let file = folder.path().join("trace");
    let mut outer = Command::new("strace");
    outer.args(["-f", "-qq", "-e", "trace=fork,vfork,clone,clone3", "-o"]).arg(&file);
    once(&mut within(outer, command))?;
    let trace = fs::read_to_string(&file).context("cannot read what `strace` wrote")?;
    // A call that is interrupted by another thread's is written in two lines; the flags stand in the first.
    let started = trace.lines().filter(|line| {
        let call = ["fork(", "clone(", "clone3("].iter().any(|call| line.contains(call));
        call && !line.contains("CLONE_THREAD")
    });
    Ok(started.count() as u64)
}

fn within(mut outer: Command, command: &Command) -> Command {
    outer.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

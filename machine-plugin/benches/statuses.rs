//! A look at 100 machines of a Go driver, beside what its processes cost by themselves.
#![expect(clippy::print_stdout, reason = "a bench reports to its caller")]
#![expect(clippy::unwrap_used, reason = "there is nobody to hand an error to")]
#[path = "../tests/it/go.rs"]
mod go;

use machine_core::{MachineState, Provider, State};
use machine_plugin::{Driver, PluginProvider};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const MACHINES: usize = 100;
const AT_ONCE: usize = 8;

fn main() {
    let Some(program) = go::program("driver") else { return };
    let cloud = tempfile::tempdir().unwrap();
    std::fs::write(cloud.path().join("server-m"), "running").unwrap();
    let script = cloud.path().join("docker-machine-driver-peer");
    let text = format!(
        "#!/bin/sh\nPEER_CLOUD='{}' exec '{}'\n",
        cloud.path().display(),
        program.display()
    );
    std::fs::write(&script, text).unwrap();
    Command::new("chmod").arg("755").arg(&script).status().unwrap();

    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        best.0 = best.0.min(processes_alone(&script));
        best.1 = best.1.min(statuses(&script));
    }
    let ratio = best.1.as_secs_f64() / best.0.as_secs_f64();
    println!("{MACHINES} plugins alone {:?}, looked at {:?}, ratio {ratio:.2}", best.0, best.1);
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        println!("our own memory: {}", peak.trim_start_matches("VmHWM:").trim());
    }
}

/// Started until they say where they listen, and ended.
fn processes_alone(script: &Path) -> Duration {
    let (start, next) = (Instant::now(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::SeqCst) < MACHINES {
                    let mut plugin = Command::new(script);
                    plugin.env("MACHINE_PLUGIN_TOKEN", "42").stdout(Stdio::piped());
                    let mut plugin = plugin.stderr(Stdio::null()).spawn().unwrap();
                    let mut line = String::new();
                    BufReader::new(plugin.stdout.take().unwrap()).read_line(&mut line).unwrap();
                    plugin.kill().unwrap();
                    plugin.wait().unwrap();
                }
            });
        }
    });
    start.elapsed()
}

fn statuses(script: &Path) -> Duration {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let provider = PluginProvider::new(Driver::new("peer", script));
    let state = State::from_json(r#"{"MachineName":"m","IPAddress":"127.0.0.1"}"#).unwrap();
    let states = vec![&state; MACHINES];
    let start = Instant::now();
    let answers = runtime.block_on(provider.statuses(&states));
    let took = start.elapsed();
    for answer in answers {
        assert_eq!(answer.unwrap().state, MachineState::Running);
    }
    took
}

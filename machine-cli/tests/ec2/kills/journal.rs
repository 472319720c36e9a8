//! The binary is killed as it writes its journal.
use super::{MANY, Neighbours, leaves_nothing, neighbourhood};
use crate::bench::Bench;
use std::process::{Command, Stdio};
use std::time::Duration;

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
    let Some((bench, neighbour)) = neighbourhood(Neighbours::OtherStore) else { return };
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
    let Some((bench, neighbour)) = neighbourhood(Neighbours::OtherStore) else { return };
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

//! Breaks providers on purpose: the suite must notice each bug, and each case must notice one.
//!
//! The bugs live here, as wrappers around the published example, so that neither the example nor
//! the crate's interface knows of them.
#![allow(clippy::print_stdout, reason = "figures, shown with --nocapture")]
#![allow(clippy::unwrap_used, reason = "tests")]
#[path = "../plugin/binary.rs"]
mod binary;
mod cloud;
mod existing;
#[path = "../plugin/provider.rs"]
mod provider;
mod seeded;

use cloud::{CloudBug, CloudFixture};
use existing::{ExistingBug, ExistingFixture};
use machine_conformance::{Fixture, MemoryFixture, Outcome, Report, check};
use provider::{PluginBug, PluginFixture};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

type Make = Box<dyn Fn() -> Box<dyn Fixture> + Send + Sync>;

fn all() -> Vec<(String, Make)> {
    let mut all: Vec<(String, Make)> = Vec::new();
    for &bug in CloudBug::ALL {
        let make = move || -> Box<dyn Fixture> { Box::new(CloudFixture::new(bug)) };
        all.push((format!("cloud: {bug:?}"), Box::new(make)));
    }
    for &bug in PluginBug::ALL {
        let make = move || -> Box<dyn Fixture> { Box::new(PluginFixture::new(Some(bug))) };
        all.push((format!("plugin: {bug:?}"), Box::new(make)));
    }
    for &bug in ExistingBug::ALL {
        let make = move || -> Box<dyn Fixture> { Box::new(ExistingFixture::new(Some(bug))) };
        all.push((format!("existing: {bug:?}"), Box::new(make)));
    }
    all
}

fn killers(reports: &[Report]) -> Vec<&'static str> {
    let failed = reports.iter().filter(|r| matches!(r.outcome, Outcome::Failed(_)));
    failed.map(|r| r.name).collect()
}

#[test]
fn every_bug_is_noticed_and_every_case_notices_one() {
    std::panic::set_hook(Box::new(|_| {})); // expected by the hundred
    let (bugs, next, seen) = (all(), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((name, make)) = bugs.get(next.fetch_add(1, Ordering::SeqCst)) {
            let reports = check(make);
            seen.lock().unwrap().push((name, reports));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    drop(std::panic::take_hook());
    let (mut alive, mut idle) = (Vec::new(), BTreeSet::new());
    let seen = seen.into_inner().unwrap();
    idle.extend(seen.iter().flat_map(|(_, reports)| reports.iter().map(|r| r.name)));
    let why_too = std::env::var_os("WHY").is_some();
    for (name, reports) in &seen {
        let killers = killers(reports);
        println!("{name}: {} cases: {killers:?}", killers.len());
        for report in reports.iter().filter(|_| why_too) {
            if let Outcome::Failed(why) = &report.outcome {
                println!("      {}: {why}", report.name);
            }
        }
        if killers.is_empty() {
            alive.push(name);
        }
        idle.retain(|case| !killers.contains(case));
    }
    assert!(alive.is_empty(), "nobody noticed: {alive:?}");
    assert!(idle.is_empty(), "notice nothing: {idle:?}");
}

#[test]
fn without_bugs_all_is_well_and_lag_costs_no_real_time() {
    let cloud: Make = Box::new(|| Box::new(MemoryFixture::new()));
    let plugin: Make = Box::new(|| Box::new(PluginFixture::new(None)));
    let existing: Make = Box::new(|| Box::new(ExistingFixture::new(None)));
    let mut waited = 0;
    for (name, make) in [("cloud", cloud), ("plugin", plugin), ("existing", existing)] {
        let reports = check(make);
        assert_eq!(killers(&reports), Vec::<&str>::new(), "{name}");
        let minutes: u64 = reports.iter().map(|r| r.waited.as_secs() / 60).sum();
        println!("{name}: {} cases, {minutes} virtual minutes", reports.len());
        waited += minutes;
    }
    assert!(waited > 60, "the lag was never waited for: {waited} minutes");
}

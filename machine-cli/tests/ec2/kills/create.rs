use super::calls::{Fault, Met, meets};
use super::{MANY, Neighbours, is_known, leaves_nothing, neighbourhood};
use crate::bench::{Bench, is_made};
use std::cell::Cell;

const CREATE: [&str; 3] = ["create", "-d", "amazonec2"];
const SPOT: &str = "--amazonec2-request-spot-instance";
/// Faults are met once, and not got over by a repeat.
const ONCE: [&str; 2] = ["--amazonec2-retries", "-1"];

/// `create` meets with `fault` at each of its calls. `then` looks at what that left, and may use it,
/// before all goes.
fn creates_beside(
    neighbours: Neighbours,
    fault: Fault,
    more: &[&str],
    then: impl Fn(&Bench, &[String], &Met),
) {
    let Some((bench, before)) = neighbourhood(neighbours) else { return };
    let args = [&CREATE, more, &["m"]].concat();
    let mut nth = 0;
    loop {
        let met = meets(&bench, fault, nth, &args);
        then(&bench, &before, &met);
        leaves_nothing(&bench, &before, &format!("{fault:?} at call {nth} of create"));
        if !met.struck {
            break;
        }
        nth += 1;
        assert!(nth < MANY, "create never ends");
    }
    // Look-ups, the group and its rules, the key, the launch, the looks at the end.
    let least = if neighbours == Neighbours::OtherStore { 11 } else { 8 };
    assert!(nth >= least, "only {nth} calls of create");
}

fn creates(fault: Fault, more: &[&str]) {
    creates_beside(Neighbours::OtherStore, fault, more, |_, _, _| {});
}

/// As `creates`, and the machine is made all the same, once.
fn creates_all_the_same(fault: Fault, more: &[&str]) {
    assert!(fault.passes());
    creates_beside(Neighbours::OtherStore, fault, more, |bench, before, met| {
        is_made(&met.answer);
        let made = bench.resources().len() - before.len();
        let wanted = if more.contains(&SPOT) { 4 } else { 3 };
        assert_eq!(made, wanted, "{met:?}: {:?}", bench.resources());
    });
}

#[test]
fn is_killed() {
    creates(Fault::Kill, &[]);
}

#[test]
fn is_killed_and_listings_lag() {
    creates(Fault::KillAndLag, &[]);
}

/// Before the entry is there, the user's next command may as well be the same again.
#[test]
fn is_killed_and_run_again() {
    creates_beside(Neighbours::OtherStore, Fault::KillAndLag, &[], |bench, before, met| {
        let known = is_known(bench);
        assert_eq!(known, met.changed || !met.struck, "no entry, or too early: {met:?}");
        let there = bench.resources();
        let again = bench.run(&[&CREATE[..], &["m"]].concat());
        match known {
            true => {
                assert!(again.stderr.contains("already exists"), "{again:?}");
                assert_eq!(bench.resources(), there);
            }
            false => {
                is_made(&again);
                assert_eq!(bench.resources().len(), before.len() + 3);
            }
        }
    });
}

#[test]
fn of_a_spot_instance_is_killed() {
    creates(Fault::Kill, &[SPOT]);
    creates(Fault::KillAndLag, &[SPOT]);
}

#[test]
fn of_a_spot_instance_loses_a_reply() {
    creates_all_the_same(Fault::LoseReply, &[SPOT]);
    creates_or_unwinds(Fault::LoseReplyAndLag, &[&[SPOT], &ONCE[..]].concat());
}

#[test]
fn beside_what_others_use_is_killed() {
    for neighbours in [Neighbours::SameStore, Neighbours::Group] {
        creates_beside(neighbours, Fault::KillAndLag, &[], |_, _, _| {});
    }
}

/// What the failure table says of a failed check, and of a failed step of the driver.
fn unwound(bench: &Bench, before: &[String], met: &Met) -> bool {
    let left = match met.answer.exit {
        Some(3) => 0,
        _ if met.answer.stderr.contains("Error in driver during machine creation") => 2,
        _ => {
            is_made(&met.answer); // without an answer that can be done without
            return false;
        }
    };
    assert_eq!(left == 2, met.changed, "{met:?}");
    assert_eq!(bench.resources(), before, "{met:?}");
    assert_eq!(bench.left().len(), left, "{met:?}"); // the machine's folder, and its journal
    met.changed
}

fn creates_or_unwinds(fault: Fault, more: &[&str]) {
    let failed = Cell::new(0);
    creates_beside(Neighbours::OtherStore, fault, more, |bench, before, met| {
        failed.set(failed.get() + usize::from(unwound(bench, before, met)));
    });
    // The key, the group and its rules, the launch.
    assert!(failed.get() >= 4, "only {} steps failed", failed.get());
}

#[test]
fn is_refused() {
    creates_or_unwinds(Fault::Refuse, &[]);
}

#[test]
fn meets_a_service_that_is_down() {
    creates_all_the_same(Fault::Unavailable, &[]);
}

#[test]
fn meets_a_service_that_has_enough() {
    creates_all_the_same(Fault::Throttle, &ONCE);
}

#[test]
fn meets_a_service_that_breaks() {
    creates_or_unwinds(Fault::BreakAfter, &ONCE);
}

#[test]
fn loses_a_reply() {
    creates_all_the_same(Fault::LoseReply, &[]);
}

#[test]
fn loses_a_reply_and_listings_lag() {
    creates_all_the_same(Fault::LoseReplyAndLag, &[]);
    creates_or_unwinds(Fault::LoseReplyAndLag, &ONCE);
}

/// What the failure table says of Ctrl-C, for all calls but those of a machine that is whole.
fn interrupted(bench: &Bench, before: &[String], met: &Met) {
    if !met.struck {
        return;
    }
    assert_eq!(met.answer.exit, Some(130), "{met:?}");
    assert_eq!(bench.resources(), before, "{met:?}");
    assert_eq!(is_known(bench), met.changed, "{met:?}");
    let folders = if met.changed { 2 } else { 0 }; // the machine's, and its journal
    assert_eq!(bench.left().len(), folders, "{met:?}");
}

#[test]
fn is_interrupted() {
    creates_beside(Neighbours::OtherStore, Fault::Interrupt, &[], interrupted);
    creates_beside(Neighbours::OtherStore, Fault::InterruptAndLag, &[SPOT], interrupted);
}

#[test]
fn is_interrupted_twice() {
    creates_beside(Neighbours::OtherStore, Fault::InterruptTwice, &[], |_, _, met| {
        assert!(!met.struck || met.answer.exit == Some(130), "{met:?}");
    });
}

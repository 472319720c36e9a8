use super::calls::{Fault, Met, meets};
use super::{MANY, Neighbours, is_known, leaves_nothing, neighbourhood};
use crate::bench::Bench;

const SPOT: &[&str] = &["--amazonec2-request-spot-instance"];

/// A removal of a machine made with `more` meets with `fault` at each of its calls.
fn removals_beside(
    neighbours: Neighbours,
    fault: Fault,
    rm: &[&str],
    more: &[&str],
    then: impl Fn(&Bench, &Met),
) {
    let Some((bench, before)) = neighbourhood(neighbours) else { return };
    let mut nth = 0;
    loop {
        bench.make(&[more, &["m"]].concat());
        let met = meets(&bench, fault, nth, &[rm, &["m"]].concat());
        let when = format!("{fault:?} at call {nth} of {rm:?}");
        let (exit, known) = (met.answer.exit, is_known(&bench));
        assert!(exit == Some(0) || !fault.passes(), "{when}: {met:?}");
        // Until all is gone, `rm` knows what to remove.
        if rm == Y && (exit == Some(0) || !known) {
            assert_eq!(bench.resources(), before, "{when}: {met:?}");
        }
        then(&bench, &met);
        leaves_nothing(&bench, &before, &when);
        if !met.struck {
            break;
        }
        nth += 1;
        assert!(nth < MANY, "rm never ends");
    }
    // The end of the instance and a look at it, the group looked at and deleted, the key.
    assert!(nth >= 5, "only {nth} calls of rm");
}

const Y: &[&str] = &["rm", "-y"];
const F: &[&str] = &["rm", "-f"];

fn removals(fault: Fault, more: &[&str]) {
    removals_beside(Neighbours::OtherStore, fault, Y, more, |_, _| {});
}

#[test]
fn is_killed() {
    removals(Fault::Kill, &[]);
    removals(Fault::KillAndLag, &[]);
}

#[test]
fn of_a_spot_instance_is_killed() {
    removals(Fault::Kill, SPOT);
}

#[test]
fn beside_another_machine_is_killed() {
    removals_beside(Neighbours::SameStore, Fault::KillAndLag, Y, &[], |_, _| {});
}

#[test]
fn is_refused() {
    removals(Fault::Refuse, &[]);
}

#[test]
fn of_a_spot_instance_is_refused() {
    removals(Fault::Refuse, SPOT);
}

#[test]
fn meets_a_service_that_is_down() {
    removals(Fault::Unavailable, &[]);
    removals(Fault::Throttle, &[]);
}

#[test]
fn meets_a_service_that_breaks() {
    removals(Fault::BreakAfter, &[]);
}

#[test]
fn loses_a_reply() {
    removals(Fault::LoseReply, &[]);
    removals(Fault::LoseReplyAndLag, SPOT);
}

/// The entry goes whatever happens, and `gc -y` deletes what is left.
#[test]
fn is_forced() {
    for fault in [Fault::Refuse, Fault::LoseReplyAndLag] {
        removals_beside(Neighbours::OtherStore, fault, F, &[], |bench, met| {
            assert_eq!(met.answer.exit, Some(0), "{met:?}");
            assert!(!is_known(bench), "{met:?}");
        });
    }
}

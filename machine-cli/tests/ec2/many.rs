//! Many machines at once: exact numbers of calls.
use crate::bench::{Bench, count};
use machine_testcloud::Request;

/// All but the polls.
fn without_polls(calls: &[Request]) -> usize {
    calls.iter().filter(|call| call.action != "DescribeInstances").count()
}

#[test]
fn twenty_are_made_with_the_look_ups_of_one() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.make(&["--count", "20", "vm"]);
    let calls = bench.cloud.take_calls();
    assert_eq!(count(&calls, "RunInstances"), 20);
    assert_eq!(count(&calls, "ImportKeyPair"), 20);
    let names: Vec<_> = calls.iter().map(|call| call.action.as_str()).collect();
    assert!(without_polls(&calls) <= 2 * 20 + 8, "{names:?}");
    let mut want: Vec<_> = (1..=20).map(|number| format!("vm-{number}")).collect();
    want.sort();
    let listed = bench.run(&["ls", "-q"]).ok();
    assert_eq!(listed.lines().collect::<Vec<_>>(), want);

    // One look for all that stand in one region.
    bench.cloud.take_calls();
    let table = bench.run(&["ls"]).ok();
    assert_eq!(table.lines().count(), 21, "{table}");
    let calls = bench.cloud.take_calls();
    assert_eq!((count(&calls, "DescribeInstances"), calls.len()), (1, 1));

    // Each is told of by itself, and one that is not there spoils no other.
    let vms: Vec<_> = want.iter().map(String::as_str).collect();
    let removed = bench.run(&[&["rm", "-y"], vms.as_slice(), &["nobody"]].concat());
    let told = removed.stdout.lines().filter(|line| line.starts_with("Successfully removed"));
    assert_eq!(told.count(), 20, "{removed:?}");
    assert_eq!(removed.exit, Some(1));
    assert!(removed.stderr.contains("\"nobody\" does not exist"), "{removed:?}");
    assert_eq!(bench.resources(), Vec::<String>::new());
    assert_eq!(bench.left(), Vec::<String>::new());
}

#[test]
fn without_a_number_nothing_changes_and_a_bad_one_is_refused() {
    let Some(bench) = Bench::or_skip() else { return };
    let create = ["create", "-d", "amazonec2"];
    for bad in ["0", "-3"] {
        let refused = bench.run(&[&create[..], &["--count", bad, "vm"]].concat());
        assert_eq!((refused.exit, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.stderr.contains("--count"), "{refused:?}");
    }
    // There is but one host at an address, and one endpoint at a URL.
    for driver in ["none", "generic"] {
        let refused = bench.run(&["create", "-d", driver, "--count", "2", "vm"]);
        assert!(refused.stderr.contains("not defined: -count"), "{refused:?}");
    }
    assert!(bench.cloud.take_calls().is_empty());
    bench.make(&["--count", "1", "vm"]);
    bench.make(&["vm"]);
    assert_eq!(bench.run(&["ls", "-q"]).ok(), "vm\nvm-1\n");
}

#[test]
fn one_that_fails_spoils_no_other() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.make(&["vm-2"]);
    let answer = bench.run(&["create", "-d", "amazonec2", "--count", "3", "vm"]);
    assert_eq!(answer.exit, Some(1));
    let taken = "(vm-2) Docker machine \"vm-2\" already exists";
    assert!(answer.stderr.lines().any(|line| line == taken), "{answer:?}");
    assert!(answer.stdout.lines().all(|line| line.starts_with('(')), "{answer:?}");
    assert_eq!(bench.run(&["ls", "-q"]).ok(), "vm-1\nvm-2\nvm-3\n");
}

#[test]
fn stops_are_side_by_side_and_each_has_its_own_result() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.make(&["--count", "3", "vm"]);
    bench.run(&["stop", "vm-2"]).ok();
    let answer = bench.run(&["stop", "vm-1", "vm-2", "vm-3"]);
    assert_eq!(answer.stderr, "Machine \"vm-2\" is already stopped.\n");
    for name in ["vm-1", "vm-3"] {
        assert!(answer.stdout.contains(&format!("Machine \"{name}\" was stopped.")), "{answer:?}");
        assert_eq!(bench.run(&["status", name]).ok(), "Stopped\n");
    }
}

use machine_core::{Error, ErrorKind, Intent, Leftover, MachineState};
use std::error::Error as _;
use std::fmt;
use std::time::Duration;

#[derive(Debug)]
struct Outer(std::io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no reply; the instance may exist")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// As a reporter prints it.
fn chain(error: &Error) -> Vec<String> {
    let mut all = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        all.push(cause.to_string());
        source = cause.source();
    }
    all
}

#[test]
fn every_text_of_the_chain_is_printed_once() {
    let outer = || Outer(std::io::Error::other("timed out"));
    let wrapped = Error::wrap(ErrorKind::Indeterminate, "ec2.RunInstances", outer());
    let want = ["ec2.RunInstances: no reply; the instance may exist", "timed out"];
    assert_eq!(chain(&wrapped), want);
    let plain = Error::new(ErrorKind::Other, "", "as it is").with_source(outer());
    assert_eq!(chain(&plain), ["as it is", "no reply; the instance may exist", "timed out"]);
}

#[test]
fn what_a_caller_acts_on_is_kept() {
    let error = Error::new(ErrorKind::RateLimited, "vm.put", "slow down");
    let error = error.with_retry_after(Duration::from_secs(7)).with_no_effect();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::RateLimited, "vm.put"));
    assert_eq!((error.retry_after(), error.no_effect()), (Some(Duration::from_secs(7)), true));
}

#[test]
fn leftovers_are_named_with_their_cause() {
    let leftover = |id: &str| {
        let cause = Error::new(ErrorKind::Permission, "", "not allowed");
        let intent = Intent::new("disk", "eu").with_key("disk", "1");
        Leftover::new(intent, vec![id.to_owned()], cause)
    };
    let stuck = Error::stuck("remove", vec![leftover("d-1")]);
    assert_eq!(stuck.to_string(), "remove: may remain: disk/1 d-1 (not allowed)");
    assert_eq!((stuck.kind(), stuck.leftovers().len()), (ErrorKind::Stuck, 1));
    let failed =
        Error::new(ErrorKind::Quota, "create", "no").with_leftovers(stuck.into_leftovers());
    assert_eq!(
        (failed.kind(), &failed.leftovers()[0].ids),
        (ErrorKind::Quota, &vec!["d-1".into()])
    );
}

#[test]
fn states_are_docker_machines_words() {
    assert_eq!(format!("[{:<8}]", MachineState::Running), "[Running ]");
    assert_eq!(format!("[{:<3}]", MachineState::None), "[   ]");
}

//! Whatever happens to the binary at whatever call: one `rm -y` later nothing of ours is left, and
//! nothing of a neighbour's is touched.
mod calls;
mod create;
mod journal;
mod rm;

use crate::answer::Answer;
use crate::bench::Bench;

/// More calls than any command makes.
const MANY: usize = 200;

/// Whose machine is there already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Neighbours {
    /// Another store's.
    OtherStore,
    /// Another store's, and one that shares all that is shared.
    SameStore,
    /// Another store's, and a group of ours by name alone.
    Group,
}

/// An account with a machine of another store in it; what that is made of.
fn neighbourhood(neighbours: Neighbours) -> Option<(Bench, Vec<String>)> {
    let bench = Bench::or_skip()?;
    let mut command = bench.command(&["create", "-d", "amazonec2", "n"]);
    command.env("MACHINE_STORAGE_PATH", bench.home().join("neighbour"));
    command.env("AWS_SECURITY_GROUP", "theirs");
    let made = Answer::new(command.output().unwrap());
    assert!(made.stderr.contains("Error creating machine"), "{made:?}");
    assert_eq!(bench.resources().len(), 3, "{:?}", bench.resources());
    if neighbours == Neighbours::SameStore {
        bench.make(&["k"]);
        assert_eq!(bench.resources().len(), 6, "{:?}", bench.resources());
    }
    if neighbours == Neighbours::Group {
        bench.make_group("docker-machine");
        assert_eq!(bench.resources().len(), 4, "{:?}", bench.resources());
    }
    let all = bench.resources();
    Some((bench, all))
}

/// Whether the machine has an entry.
fn is_known(bench: &Bench) -> bool {
    bench.store().join("machines/m").exists()
}

/// `rm -y` is the user's next command. Where the entry had not appeared yet, or is gone, there is
/// none to remove, and `gc -y` sees to the rest, if there is one.
fn leaves_nothing(bench: &Bench, neighbour: &[String], when: &str) {
    let removed = bench.run(&["rm", "-y", "m"]);
    let unknown = removed.exit == Some(1) && removed.stderr.contains("does not exist");
    assert!(unknown || removed.exit == Some(0), "{when}: {removed:?}");
    if unknown {
        bench.run(&["gc", "-y"]).ok();
    }
    bench.cloud.clear_hook();
    assert_eq!(bench.resources(), neighbour, "{when}");
    let kept = bench.store().join("machines/k").exists();
    assert_eq!(bench.left().len(), if kept { 2 } else { 0 }, "{when}: {:?}", bench.left());
}

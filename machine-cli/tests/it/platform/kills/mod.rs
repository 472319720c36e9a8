//! SIGKILL in the middle of every call that a driver's create makes to its cloud; then `rm -y`.
mod cloud;

use super::plugin::{DRIVER, Peer, children, until};
use cloud::{Cloud, Moment};
use std::process::{Child, Command, Stdio};
use std::thread;

/// What the driver's create does.
const CALLS: [&str; 6] = [
    "POST key-new",
    "GET key-new",
    "PUT key-new",
    "POST server-new",
    "GET server-new",
    "PUT server-new",
];

struct Scene {
    cloud: Cloud,
    peer: Peer,
}

impl Scene {
    fn new() -> Option<Self> {
        let (cloud, mut peer) = (Cloud::start(), Peer::new()?);
        peer.home.set("PEER_URL", &cloud.url()).set("PEER_CHAT", "1");
        Some(Self { cloud, peer })
    }

    fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.peer.home.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// A create that has come as far as this call.
    fn create_until(&self, call: usize, moment: Moment) -> Child {
        self.cloud.stop_in(call, moment);
        let create = self.spawn(&["create", "-d", DRIVER, "new"]);
        self.cloud.wait_stopped();
        assert_eq!(self.cloud.calls(), CALLS[..=call]);
        create
    }

    /// What of the driver's things `config.json` names.
    fn durable(&self) -> Vec<String> {
        let config = self.peer.home.machine("new").join("config.json");
        let text = std::fs::read_to_string(config).unwrap();
        let known = [("KeyID", "key-new"), ("ServerID", "server-new")];
        let is_named =
            |(field, id): &(&str, &str)| text.contains(&format!("\"{field}\": \"{id}\""));
        known.into_iter().filter(is_named).map(|(_, id)| id.to_owned()).collect()
    }
}

/// Every call and moment, several side by side: `scene` is told which.
fn at_every_call(scene: impl Fn(usize, Moment) + Sync) {
    let all = (0..CALLS.len()).flat_map(|call| [Moment::Before, Moment::After].map(|m| (call, m)));
    let all: Vec<_> = all.collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((call, moment)) =
                    all.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
                {
                    scene(*call, *moment);
                }
            });
        }
    });
}

#[test]
fn these_are_all_the_calls() {
    let Some(scene) = Scene::new() else { return };
    assert!(scene.spawn(&["create", "-d", DRIVER, "new"]).wait().unwrap().success());
    assert_eq!(scene.cloud.calls(), CALLS);
    assert_eq!(scene.cloud.things(), ["key-new", "server-new"]);
    assert!(scene.spawn(&["rm", "-y", "new"]).wait().unwrap().success());
    assert_eq!(scene.cloud.things(), [""; 0]);
}

#[test]
fn a_command_killed_at_any_call_leaves_nothing() {
    if Peer::new().is_none() {
        return;
    }
    at_every_call(|call, moment| {
        let scene = Scene::new().unwrap();
        let mut create = scene.create_until(call, moment);
        create.kill().unwrap();
        create.wait().unwrap();
        let remove = scene.spawn(&["rm", "-y", "new"]);
        scene.cloud.go_on();
        let removed = remove.wait_with_output().unwrap();
        assert!(removed.status.success(), "{call} {moment:?}: {removed:?}");
        assert!(removed.stderr.is_empty(), "{call} {moment:?}: {removed:?}");
        assert_eq!(scene.cloud.things(), [""; 0], "{call} {moment:?}");
        assert_eq!(scene.cloud.calls()[..CALLS.len()], CALLS, "the driver came to its end");
        scene.peer.left_nothing();
    });
}

const CUT_OFF: &str = "The create of \"new\" had been cut off: what driver \"ci-test\" made last, and had \
                       not told, may remain. Look there for what is called \"new\"\n";

impl Scene {
    /// Kills command and keeper; says what was durable then, what was made, and which drivers live.
    fn kill_both(&self, mut create: Child) -> (Vec<String>, Vec<String>, Vec<String>) {
        let keeper = children(create.id());
        assert_eq!(keeper.len(), 1);
        create.kill().unwrap();
        signal(&keeper[0]);
        create.wait().unwrap();
        until("the keeper has ended", || !std::path::Path::new("/proc").join(&keeper[0]).exists());
        (self.durable(), self.cloud.things(), self.peer.living())
    }
}

#[test]
fn with_its_keeper_killed_too_all_that_was_durable_goes_and_the_rest_is_told() {
    if Peer::new().is_none() {
        return;
    }
    at_every_call(|call, moment| {
        let scene = Scene::new().unwrap();
        let create = scene.create_until(call, moment);
        // The driver knows what it made before this call, and says so when it is asked next.
        let known =
            [(1, "key-new"), (4, "server-new")].into_iter().filter(|(first, _)| call >= *first);
        let known: Vec<_> = known.map(|(_, id)| id).collect();
        until("it is saved", || scene.durable() == known);
        let (durable, made, drivers) = scene.kill_both(create);
        let removed = scene.spawn(&["rm", "-y", "new"]).wait_with_output().unwrap();
        let heard = String::from_utf8_lossy(&removed.stderr);
        assert_eq!((removed.status.code(), &*heard), (Some(0), CUT_OFF), "{call} {moment:?}");
        let untold: Vec<_> = made.into_iter().filter(|id| !durable.contains(id)).collect();
        assert_eq!(untold.len(), usize::from(moment == Moment::After && [0, 3].contains(&call)));
        assert_eq!(scene.cloud.things(), untold, "{call} {moment:?}");
        drivers.iter().for_each(|driver| signal(driver));
        scene.cloud.go_on();
        scene.peer.left_nothing();
    });
}

#[test]
fn with_both_killed_at_once_whatever_was_durable_goes() {
    if Peer::new().is_none() {
        return;
    }
    at_every_call(|call, moment| {
        let scene = Scene::new().unwrap();
        let (durable, _, drivers) = scene.kill_both(scene.create_until(call, moment));
        let removed = scene.spawn(&["rm", "-y", "new"]).wait_with_output().unwrap();
        let heard = String::from_utf8_lossy(&removed.stderr);
        if removed.status.code() == Some(1) {
            // The driver sees a server of that name, and has forgotten that it is its own.
            assert!(
                heard.contains("may remain: machine/1 new") || heard.contains("machine/new new"),
                "{heard}"
            );
            assert!(scene.cloud.things().contains(&"server-new".to_owned()), "{call} {moment:?}");
            let forced = scene.spawn(&["rm", "-f", "new"]).wait_with_output().unwrap();
            assert_eq!(forced.status.code(), Some(0), "{call} {moment:?}");
        } else {
            assert_eq!((removed.status.code(), &*heard), (Some(0), CUT_OFF), "{call} {moment:?}");
        }
        let things = scene.cloud.things();
        assert!(durable.iter().all(|id| !things.contains(id)), "{call} {moment:?}");
        assert!(!scene.peer.has_machine("new"));
        drivers.iter().for_each(|driver| signal(driver));
    });
}

#[test]
fn with_its_keeper_killed_alone_the_command_says_what_may_remain() {
    let Some(scene) = Scene::new() else { return };
    let create = scene.create_until(3, Moment::After);
    until("the key is saved", || scene.durable() == ["key-new"]);
    signal(&children(create.id())[0]);
    let failed = create.wait_with_output().unwrap();
    let heard = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(1));
    let said = "what the driver made and had not told yet may remain\n";
    assert!(heard.ends_with(said), "{heard}");
    assert!(scene.spawn(&["rm", "-y", "new"]).wait().unwrap().success());
    assert_eq!(scene.cloud.things(), ["server-new"]);
}

fn signal(pid: &str) {
    let sent = Command::new("kill").args(["-s", "KILL", pid]).status().unwrap();
    assert!(sent.success());
}

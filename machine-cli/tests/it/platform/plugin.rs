//! Drivers that are programs of their own, played by one on the original library.
use super::go;
use crate::home::Home;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// On machines of a driver of this name Docker Machine sets nothing up.
pub(super) const DRIVER: &str = "ci-test";

const AGAIN: &str = "machines may have new IP addresses. You may need to re-run the \
                     `docker-machine env` command.\n";

pub(super) struct Peer {
    pub(super) home: Home,
}

impl Peer {
    pub(super) fn new() -> Option<Self> {
        let program = go::program("driver")?;
        let mut home = Home::new();
        let cloud = home.path().join("cloud");
        std::fs::create_dir(&cloud).unwrap();
        home.set("PEER_CLOUD", &cloud.to_string_lossy());
        let peer = Self { home };
        std::os::unix::fs::symlink(program, peer.binary()).unwrap();
        Some(peer)
    }

    fn binary(&self) -> PathBuf {
        self.home.bin().join(format!("docker-machine-driver-{DRIVER}"))
    }

    fn cloud(&self) -> PathBuf {
        self.home.path().join("cloud")
    }

    /// All that was made.
    fn things(&self) -> BTreeSet<String> {
        let all = std::fs::read_dir(self.cloud()).unwrap();
        let all = all.map(|file| file.unwrap().file_name().into_string().unwrap());
        all.filter(|name| !name.starts_with('.')).collect()
    }

    pub(super) fn calls(&self) -> String {
        std::fs::read_to_string(self.cloud().join(".calls")).unwrap_or_default()
    }

    /// Processes of the driver that live.
    pub(super) fn living(&self) -> Vec<String> {
        let calls = self.calls();
        let started = calls.lines().filter_map(|line| line.strip_suffix(" start"));
        let alive = |pid: &&str| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
        };
        started.filter(alive).map(str::to_owned).collect()
    }

    pub(super) fn has_machine(&self, name: &str) -> bool {
        self.home.machine(name).exists()
    }
}

#[test]
fn the_life_of_a_machine() {
    let Some(peer) = Peer::new() else { return };
    let home = &peer.home;
    let made = home.line("create -d ci-test --peer-int 5 --peer-list a --peer-list b new");
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    let expected = [
        "(new) install url is https://get.docker.com",
        "Creating CA: @HOME@/store/certs/ca.pem",
        "Creating client certificate: @HOME@/store/certs/cert.pem",
        "Running pre-create checks...",
        "Creating machine...",
        "(new) Creating key...",
        "(new) Creation done",
        "To see how to connect your Docker Client to the Docker Engine running on this virtual \
         machine, run: docker-machine env new",
    ];
    assert_eq!(made.out.lines().collect::<Vec<_>>(), expected);
    assert_eq!(peer.things(), ["key-new", "server-new"].map(str::to_owned).into());
    home.prints("inspect -f {{.Driver.Int}}{{.Driver.List}}{{.DriverName}} new", "5[a b]ci-test\n");
    let list = |state: &str| {
        let row = format!("new_ci-test_{state}\n");
        home.prints("ls --format {{.Name}}_{{.DriverName}}_{{.State}}", &row);
    };
    list("Running");
    home.prints("ls -q --filter state=Running", "new\n");
    home.prints("status new", "Running\n");
    home.prints("ip new", "127.0.0.1\n");
    home.prints("url new", "tcp://127.0.0.1:2376\n");
    home.prints("stop new", "Stopping \"new\"...\nMachine \"new\" was stopped.\n");
    list("Stopped");
    let started = format!("Starting \"new\"...\nMachine \"new\" was started.\nStarted {AGAIN}");
    home.prints("start new", &started);
    home.prints("restart new", &format!("Restarting \"new\"...\nRestarted {AGAIN}"));
    home.prints("kill new", "Killing \"new\"...\nMachine \"new\" was killed.\n");
    home.prints("status new", "Stopped\n");
    let removed = home.line("rm -y new");
    assert_eq!((removed.code, removed.err.as_str()), (Some(0), ""));
    assert_eq!(peer.things(), BTreeSet::new());
    assert!(!peer.has_machine("new"));
    assert_eq!(peer.living(), Vec::<String>::new());
}

#[test]
fn a_driver_shows_its_own_flags() {
    let Some(peer) = Peer::new() else { return };
    let help = peer.home.line("create -d ci-test --help");
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    for part in ["   --peer-int \"-7\"", "a number [$PEER_INT]", "   --peer-switch", "--engine-opt"]
    {
        assert!(help.out.contains(part), "{part:?} is not in\n{}", help.out);
    }
    let calls = peer.calls();
    assert_eq!(calls.lines().filter(|line| line.ends_with(" start")).count(), 1, "{calls}");
}

#[test]
fn what_a_forced_removal_left_is_shown_and_deleted() {
    let Some(peer) = Peer::new() else { return };
    let home = &peer.home;
    home.line("create -d ci-test --peer-behave remove-error new");
    let forced = home.line("rm -f new");
    let error =
        "Error removing host \"new\": remove: may remain: machine/1 new (the server is locked)\n";
    assert_eq!((forced.code, forced.err.as_str()), (Some(0), error));
    assert!(!peer.has_machine("new"));

    let table =
        "MACHINE   DRIVER    REGION   RESOURCE   ID\nnew       ci-test            machine    new\n";
    home.prints("gc", &format!("{table}Delete these? (y/n): "));
    home.prints("gc --driver none", "Nothing to delete.\n");
    let error = "Error deleting what is left of new: remove: may remain: machine/1 new (the server is locked)\n";
    home.check("gc -y", 1, table, error);
    assert_eq!(peer.things().len(), 2);

    let journals = std::fs::read_dir(home.store().join("journal")).unwrap();
    let [journal] =
        journals.map(|file| file.unwrap().path()).collect::<Vec<_>>().try_into().unwrap();
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replace("remove-error", "")).unwrap();
    // Another of that name: a driver that goes by names would take it for the old one.
    home.add("new", &crate::home::config("new"));
    let error = "Error deleting what is left of new: there is a machine named \"new\" again, which \
                 the driver may take for the old one\n";
    home.check("gc -y", 1, table, error);
    assert_eq!((peer.things().len(), journal.exists()), (2, true));
    std::fs::remove_dir_all(home.machine("new")).unwrap();
    home.prints("gc -y", &format!("{table}Deleted what was left of new\n"));
    assert_eq!((peer.things(), journal.exists()), (BTreeSet::new(), false));
}

#[test]
fn what_fails_can_be_removed() {
    let Some(peer) = Peer::new() else { return };
    let home = &peer.home;
    let failed = home.line("create -d ci-test --peer-behave create-error new");
    let error = "Error creating machine: Error in driver during machine creation: quota exceeded: \
                 servers (limit 10)\n";
    assert_eq!((failed.code, failed.err.as_str()), (Some(1), error));
    assert!(peer.has_machine("new"));
    let removed = home.line("rm -y new");
    assert_eq!((removed.code, removed.err.as_str()), (Some(0), ""));
    assert_eq!(peer.things(), BTreeSet::new());
    assert!(!peer.has_machine("new"));

    let refused = home.line("create -d ci-test --peer-behave check-error new");
    let error = "Error with pre-create check: \"the account is not allowed to\"\n";
    assert_eq!((refused.code, refused.err.as_str()), (Some(3), error));
    assert!(!peer.has_machine("new"));
    assert_eq!(peer.living(), Vec::<String>::new());
}

/// However a plugin breaks, there is one line that says so, and no process.
#[test]
fn a_broken_plugin_is_one_clear_error() {
    for (mode, text) in [
        ("exit", "(exit status: 3); it said: cannot load the configuration of the driver\n"),
        ("refused", "cannot reach the plugin at 127.0.0.1:1: Connection refused (os error 111)\n"),
        ("other-server", ": unexpected answer to CONNECT: \"HTTP/1.0 200 OK\"\n"),
        ("no-gob", "the plugin's answer to GetVersion cannot be read: message over the limit\n"),
        ("version2", "Driver binary uses an incompatible API version (2)\n"),
    ] {
        let Some(mut peer) = Peer::new() else { return };
        peer.home.set("PEER_MODE", mode);
        let failed = peer.home.line("create -d ci-test new");
        assert_eq!((failed.code, failed.err.lines().count()), (Some(1), 1), "{mode}: {failed:?}");
        assert!(failed.err.ends_with(text), "{mode}: {failed:?}");
        assert_eq!(peer.living(), Vec::<String>::new(), "{mode}");
        assert!(!peer.has_machine("new"), "{mode}");
    }
    for (behave, text) in [
        ("create-exit", "the plugin ended during Create (exit status: 4)"),
        ("create-hard-panic", "the plugin ended during Create (exit status: 2)"),
        ("flags-error", "peer-behave: this is no value"),
    ] {
        let Some(peer) = Peer::new() else { return };
        let failed = peer.home.line(&format!("create -d ci-test --peer-behave {behave} new"));
        assert_eq!((failed.code, failed.err.lines().count()), (Some(1), 1), "{behave}: {failed:?}");
        assert!(failed.err.contains(text), "{behave}: {failed:?}");
        assert_eq!(peer.living(), Vec::<String>::new(), "{behave}");
    }
}

#[test]
fn a_driver_that_went_away_is_missed_until_it_is_back() {
    let Some(peer) = Peer::new() else { return };
    let home = &peer.home;
    assert_eq!(home.line("create -d ci-test new").code, Some(0));
    let away = home.path().join("away");
    std::fs::rename(peer.binary(), &away).unwrap();
    let list = "ls --format {{.DriverName}}_{{.State}}";
    home.prints(list, "not-found_Error\n");
    home.fails(
        "status new",
        "error getting state for host new: Driver \"ci-test\" not found. Do you have the plugin \
         binary accessible in your PATH?\n",
    );
    std::fs::rename(away, peer.binary()).unwrap();
    home.prints(list, "ci-test_Running\n");
    assert_eq!(home.line("rm -y new").code, Some(0));
    assert_eq!(peer.things(), BTreeSet::new());
}

#[test]
fn the_program_is_a_plugin_where_it_is_started_as_one() {
    let mut home = Home::new();
    home.set("MACHINE_PLUGIN_TOKEN", "42").set("MACHINE_PLUGIN_DRIVER_NAME", "nosuch");
    home.fails("ls", "Unsupported driver: nosuch\n");

    let home = Home::new();
    let path = home.path().join("bin/docker-machine-driver-second");
    std::os::unix::fs::symlink(crate::home::PROGRAM, &path).unwrap();
    // Asked for by a name that it does not have, it says so, and our other end tells.
    let failed = home.line("create -d second x");
    assert_eq!(failed.code, Some(1));
    assert!(failed.err.contains("Unsupported driver: second"), "{}", failed.err);
    assert!(!home.store().exists());
}

/// A create that waits at every gate of the driver, in the background.
fn begin(peer: &Peer) -> Child {
    let args = ["create", "-d", DRIVER, "--peer-gates", "new"];
    let mut command = peer.home.command(&args);
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

pub(super) fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Peer {
    fn reached(&self, gate: &str) {
        let file = self.cloud().join(format!(".at-{gate}"));
        until(gate, || file.exists());
    }

    fn pass(&self, gates: &[&str]) {
        let file = |gate: &&str| self.cloud().join(format!(".pass-{gate}"));
        gates.iter().map(file).for_each(|file| std::fs::write(file, "").unwrap());
    }

    #[track_caller]
    pub(super) fn left_nothing(&self) {
        assert_eq!(self.things(), BTreeSet::new());
        assert!(!self.has_machine("new"));
        until("drivers end", || self.living().is_empty());
        let locks = self.home.store().join("locks");
        let left = std::fs::read_dir(locks).unwrap().map(|file| file.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["authority.lock"]);
    }
}

const GATES: [&str; 3] = ["begin", "key", "server"];

#[test]
fn a_killed_create_is_finished_and_can_be_removed() {
    for (at, gate) in GATES.into_iter().enumerate() {
        let Some(peer) = Peer::new() else { return };
        let mut create = begin(&peer);
        peer.pass(&GATES[..at]);
        peer.reached(gate);
        create.kill().unwrap();
        create.wait().unwrap();
        let list = "ls --format {{.DriverName}}_{{.State}}";
        peer.home.prints(list, "ci-test_Starting\n");
        peer.home.prints("status new", "Starting\n");
        let remove = peer.home.command(&["rm", "-y", "new"]).stdin(Stdio::null()).spawn().unwrap();
        peer.pass(&GATES);
        let removed = remove.wait_with_output().unwrap();
        assert!(removed.status.success() && removed.stderr.is_empty(), "{gate}: {removed:?}");
        peer.left_nothing();
    }
}

#[test]
fn an_interrupted_create_is_taken_back() {
    let Some(peer) = Peer::new() else { return };
    let create = begin(&peer);
    peer.pass(&["begin"]);
    peer.reached("key");
    let sent = Command::new("kill").args(["-s", "INT", &create.id().to_string()]).status().unwrap();
    assert!(sent.success());
    peer.pass(&GATES);
    let ended = create.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    assert_eq!(peer.things(), BTreeSet::new());
    assert_eq!(peer.home.line("rm -y new").code, Some(0));
    peer.left_nothing();
}

#[test]
fn with_its_keeper_killed_too_what_was_saved_is_removed() {
    let Some(peer) = Peer::new() else { return };
    let mut create = begin(&peer);
    peer.pass(&["begin"]);
    peer.reached("key");
    let saved = peer.home.machine("new").join("config.json");
    until("the key is saved", || {
        std::fs::read_to_string(&saved).unwrap().contains("\"KeyID\": \"key-new\"")
    });
    let keeper = children(create.id());
    assert_eq!(keeper.len(), 1);
    let killed = Command::new("kill").args(["-s", "KILL", &keeper[0]]).status().unwrap();
    assert!(killed.success());
    assert_eq!(create.wait().unwrap().code(), Some(1));
    assert_eq!(peer.home.line("rm -y new").code, Some(0));
    // Without heartbeat the driver ends by itself.
    peer.left_nothing();
}

/// Neither a command that waits since before the driver was done, nor anything else, comes between
/// what the keeper does and what the command does.
#[test]
fn a_machine_stays_locked_until_it_is_set_up() {
    let Some(mut peer) = Peer::new() else { return };
    let key = peer.home.path().join("key");
    std::fs::write(&key, "").unwrap();
    peer.home.set("PEER_HOST", "127.0.0.1").set("PEER_HOST_KEY", &key.to_string_lossy());
    // A driver whose machines are set up, which comes no further than to SSH.
    std::fs::rename(peer.binary(), peer.home.bin().join("docker-machine-driver-peer")).unwrap();
    let called = peer.home.path().join("ssh-was-called");
    let ssh = format!("/bin/touch '{}'\nexec /bin/sleep 100", called.display());
    super::script(&peer.home.bin().join("ssh"), &ssh);
    let args = ["create", "-d", "peer", "--peer-gates", "new"];
    let mut create = peer.home.command(&args);
    let mut create = create.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    peer.reached("begin");
    let mut remove = peer.home.command(&["-D", "rm", "-y", "new"]);
    let mut remove = remove.stdin(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(remove.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("waiting for another command on this machine")));
    peer.pass(&GATES);
    until("the machine is set up", || called.exists());
    assert!(peer.has_machine("new") && !peer.calls().contains("Remove"));
    create.kill().unwrap();
    create.wait().unwrap();
    lines.for_each(drop);
    assert!(remove.wait().unwrap().success());
    peer.left_nothing();
}

pub(super) fn children(pid: u32) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    text.unwrap().split_whitespace().map(str::to_owned).collect()
}

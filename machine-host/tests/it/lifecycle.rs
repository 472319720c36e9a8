//! The failure table, a row a test; each ends with a removal and an empty account.
use machine_conformance::{Fault, Fixture, MemoryFixture};
use machine_core::{Options, Provider};
use machine_host::{
    CreateError, CreateSpec, Interrupt, Interrupter, Machines, Power, Progress, Removal, Settings,
    SshClient, Stage, Store,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

pub(crate) struct Bench {
    pub(crate) fixture: MemoryFixture,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) machines: Machines,
    interrupter: Interrupter,
    progress: Arc<Mutex<Vec<Progress>>>,
}

fn bench() -> Bench {
    bench_with(Options::none())
}

/// For commands that are given these.
pub(crate) fn bench_with(credentials: Options) -> Bench {
    let (fixture, folder) = (MemoryFixture::new(), tempfile::tempdir().unwrap());
    let (interrupter, interrupt) = Interrupt::channel();
    let mut settings = Settings::new(folder.path().join("store"));
    settings.interrupt = interrupt;
    settings.credentials = credentials;
    settings.ssh = SshClient::Program(PathBuf::from("/bin/false")); // its machines cannot be reached
    let account = fixture.account().clone();
    let registry = move |driver: &str| -> Option<Box<dyn Provider>> {
        let provider = machine_conformance::MemoryProvider::new(account.clone());
        (driver == "memory").then(|| Box::new(provider) as _)
    };
    let progress = Arc::new(Mutex::new(Vec::new()));
    let seen = progress.clone();
    let sink = move |_: &str, p: Progress| seen.lock().unwrap().push(p);
    let machines = Machines::new(settings, registry, Arc::new(sink));
    let clock = fixture.faults().clock().clone();
    let machines = machines.with_clock(clock);
    Bench { fixture, folder, machines, interrupter, progress }
}

impl Bench {
    async fn spec(&self) -> CreateSpec {
        let specs = self.fixture.provider().options().await.unwrap();
        let given = self.fixture.options_without_secrets().unwrap();
        CreateSpec::new("memory", Options::new(&specs, given).unwrap())
    }

    pub(crate) async fn create(&self) -> Result<(), CreateError> {
        self.machines.create("m", &self.spec().await).await
    }

    pub(crate) fn store(&self) -> &Store {
        self.machines.store()
    }

    pub(crate) fn entries(&self) -> (usize, usize) {
        let journals = self.store().journals().unwrap().len();
        let folder = self.folder.path().join("store/machines");
        (std::fs::read_dir(folder).map_or(0, |all| all.count()), journals)
    }

    pub(crate) async fn rm_leaves_nothing(&self) {
        let Removal { gone, error, .. } = self.machines.remove("m", false).await;
        assert!(gone && error.is_none(), "{error:?}");
        assert_eq!(self.fixture.resources().await, Vec::<String>::new());
        assert_eq!(self.entries(), (0, 0));
    }

    fn saw(&self, want: &Progress) -> bool {
        self.progress.lock().unwrap().contains(want)
    }
}

#[tokio::test]
async fn an_unreachable_machine_stays_and_is_removed() {
    let bench = bench();
    let failed = bench.create().await.unwrap_err();
    assert_eq!((failed.stage, failed.interrupted), (Stage::Detect, false), "{failed}");
    assert!(failed.stage.machine_stays());
    assert_eq!(bench.fixture.resources().await.len(), 3);
    let entry = bench.store().load("m").unwrap();
    assert_eq!(bench.machines.status(&entry).await.unwrap().state.to_string(), "Running");
    assert!(entry.config.driver.as_json().contains("\"MachineName\": \"m\""));
    let key = bench.store().machine_dir("m").join("id_rsa");
    assert!(key.exists(), "the caller made a key");
    assert_eq!(bench.machines.ssh_target(&entry).await.unwrap().key, Some(key));
    let taken = bench.create().await.unwrap_err();
    assert_eq!(taken.to_string(), "Docker machine \"m\" already exists");
    bench.rm_leaves_nothing().await;
}

#[tokio::test]
async fn a_bad_name_or_option_leaves_no_entry() {
    let bench = bench();
    for name in ["", "..", "a/b", "-x", "ü", "a b"] {
        let failed = bench.machines.create(name, &bench.spec().await).await.unwrap_err();
        assert_eq!(failed.stage, Stage::Name, "{name}");
    }
    let without = CreateSpec::new("memory", Options::default());
    let failed = bench.machines.create("m", &without).await.unwrap_err();
    assert_eq!(failed.stage, Stage::Options, "{failed}");
    let unknown = CreateSpec::new("bogus", Options::default());
    let failed = bench.machines.create("m", &unknown).await.unwrap_err();
    assert!(failed.to_string().contains("docker-machine-driver-bogus"), "{failed}");
    assert_eq!(bench.entries(), (0, 0));
}

#[tokio::test]
async fn a_failed_check_leaves_no_entry() {
    let bench = bench();
    bench.fixture.faults().arm(&[(0, Fault::Refused)]);
    let failed = bench.create().await.unwrap_err();
    assert_eq!(failed.stage, Stage::Check, "{failed}");
    assert_eq!(bench.entries(), (0, 0));
    assert_eq!(bench.fixture.resources().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_failed_step_is_unwound_and_the_entry_stays() {
    for nth in 1..9 {
        let bench = bench();
        bench.fixture.faults().arm(&[(nth, Fault::Refused)]);
        let failed = bench.create().await.unwrap_err();
        bench.fixture.faults().restart();
        if failed.stage != Stage::Create {
            bench.rm_leaves_nothing().await;
            assert!(nth > 4, "a call of create was refused unnoticed");
            return;
        }
        assert_eq!(bench.fixture.resources().await, Vec::<String>::new(), "call {nth}");
        assert_eq!(bench.entries(), (1, 1), "call {nth}");
        bench.rm_leaves_nothing().await;
    }
    panic!("create never ends");
}

#[tokio::test]
async fn what_is_stuck_is_named_and_a_forced_removal_keeps_its_journal() {
    let bench = bench();
    bench.create().await.unwrap_err();
    let group = bench.fixture.resources().await.into_iter().find(|id| id.starts_with("group"));
    let group = group.unwrap();
    bench.fixture.faults().stick(&group);
    let refused = bench.machines.remove("m", false).await;
    assert!(!refused.gone && refused.error.is_some());
    assert_eq!(bench.entries(), (1, 1));
    let forced = bench.machines.remove("m", true).await;
    assert!(forced.gone);
    assert_eq!(forced.error.unwrap().leftovers()[0].ids, [group]);
    assert_eq!(bench.entries(), (0, 1));
}

#[tokio::test]
async fn a_machine_of_another_program_is_removed() {
    let bench = bench();
    bench.create().await.unwrap_err();
    std::fs::remove_dir_all(bench.folder.path().join("store/journal")).unwrap();
    // Its machine.json says where the credentials are; the rest must come from config.json.
    bench.rm_leaves_nothing().await;
}

#[tokio::test]
async fn an_interrupt_during_the_check_leaves_no_entry() {
    let bench = bench();
    bench.interrupter.interrupt();
    let failed = bench.create().await.unwrap_err();
    assert!(failed.interrupted);
    assert_eq!(failed.stage, Stage::Check);
    assert!(!bench.saw(&Progress::Creating));
    assert_eq!(bench.fixture.resources().await, Vec::<String>::new());
    assert_eq!(bench.entries(), (0, 0));
}

#[tokio::test]
async fn an_interrupt_during_create_unwinds() {
    let bench = bench();
    let interrupt = async {
        while !bench.saw(&Progress::Creating) {
            tokio::task::yield_now().await;
        }
        bench.interrupter.interrupt();
    };
    let (failed, ()) = tokio::join!(bench.create(), interrupt);
    let failed = failed.unwrap_err();
    assert!(failed.interrupted);
    assert_eq!(failed.stage, Stage::Create);
    assert!(bench.saw(&Progress::Unwinding));
    assert_eq!(bench.fixture.resources().await, Vec::<String>::new());
    assert_eq!(bench.entries(), (1, 1));
    bench.rm_leaves_nothing().await;
}

#[tokio::test]
async fn removing_what_is_not_there_says_so() {
    let bench = bench();
    let removal = bench.machines.remove("m", false).await;
    assert!(removal.gone);
    assert!(removal.error.unwrap().to_string().contains("\"m\" does not exist"));
    for name in ["..", ".", "", "../..", "a/b"] {
        let removal = bench.machines.remove(name, true).await;
        assert!(removal.error.unwrap().to_string().contains("does not exist"), "{name}");
    }
}

#[tokio::test]
async fn power_asks_before_it_acts() {
    let bench = bench();
    bench.create().await.unwrap_err();
    let m = ["m".to_owned()];
    let running = bench.machines.power(Power::Start, &m).await.unwrap().remove(0).unwrap_err();
    assert_eq!(running.to_string(), "Machine \"m\" is already running.");
    bench.machines.power(Power::Stop, &m).await.unwrap().remove(0).unwrap();
    let stopped = bench.machines.power(Power::Kill, &m).await.unwrap().remove(0).unwrap_err();
    assert_eq!(stopped.to_string(), "Machine \"m\" is already stopped.");
    let entry = bench.store().load("m").unwrap();
    assert_eq!(bench.machines.url(&entry).await.unwrap_err().to_string(), "Host is not running");
    let both = ["m".to_owned(), "no".to_owned()];
    assert_eq!(bench.machines.power(Power::Start, &both).await.unwrap_err().len(), 1);
    assert_eq!(bench.machines.status(&entry).await.unwrap().state.to_string(), "Stopped");
    bench.rm_leaves_nothing().await;
}

use crate::support::{assert_success, chain, child};
use machine_core::ErrorKind;
use machine_host::{FileJournal, LockName, Store};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const ROUNDS: usize = 4;

/// Not atomic: two at a time would lose one.
fn count(path: &Path) {
    let old: usize = std::fs::read_to_string(path).unwrap().parse().unwrap();
    std::thread::yield_now();
    std::fs::write(path, (old + 1).to_string()).unwrap();
}

#[tokio::test]
#[ignore = "a child of the next test"]
async fn one_of_many() {
    let root = PathBuf::from(std::env::var_os("CHILD").unwrap());
    let store = Store::new(&root);
    for round in 0..ROUNDS {
        let lock = store.lock(LockName::Machine("foo"), &|| {}).await.unwrap();
        count(&root.join("counter"));
        // As `rm` does: all who wait hold a file that is no longer there.
        if round % 2 == 0 { lock.unlink().unwrap() } else { drop(lock) }
    }
}

#[test]
fn fifty_processes_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("counter"), "0").unwrap();
    let start = || {
        let mut command = child("lock::one_of_many", dir.path().to_str().unwrap());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..50).map(|_| start()).collect();
    for child in children {
        assert_success(&child.wait_with_output().unwrap());
    }
    let counted = std::fs::read_to_string(dir.path().join("counter")).unwrap();
    assert_eq!(counted, (50 * ROUNDS).to_string());
}

/// Who opened the file just before its holder removed it gets a lock on nothing.
#[test]
fn a_removed_lock_is_nobodys() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let (inside, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while taken.load(Ordering::SeqCst) < 4000 {
                    if let Some(lock) = store.try_lock(LockName::Machine("foo")).unwrap() {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                        taken.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        lock.unlink().unwrap();
                    }
                }
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_tasks_take_turns_and_say_once_that_they_wait() {
    let dir = tempfile::tempdir().unwrap();
    let (store, counter) = (Store::new(dir.path()), dir.path().join("counter"));
    std::fs::write(&counter, "0").unwrap();
    let held = store.lock(LockName::Authority, &|| panic!("nobody holds it")).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    let told = std::sync::Arc::new(AtomicUsize::new(0));
    for _ in 0..50 {
        let (store, counter, told) = (store.clone(), counter.clone(), told.clone());
        tasks.spawn(async move {
            let mine = AtomicUsize::new(0);
            let waiting = || {
                mine.fetch_add(1, Ordering::SeqCst);
                told.fetch_add(1, Ordering::SeqCst);
            };
            let _lock = store.lock(LockName::Authority, &waiting).await.unwrap();
            assert_eq!(mine.load(Ordering::SeqCst), 1);
            count(&counter);
        });
    }
    while told.load(Ordering::SeqCst) < 50 {
        tokio::task::yield_now().await;
    }
    drop(held);
    tasks.join_all().await;
    assert_eq!(std::fs::read_to_string(&counter).unwrap(), "50");
}

#[tokio::test]
async fn locks_are_independent_and_end_with_their_holder() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("new/store"));
    let foo = store.try_lock(LockName::Machine("foo")).unwrap().unwrap();
    assert!(store.try_lock(LockName::Machine("foo")).unwrap().is_none());
    let _others = [
        store.try_lock(LockName::Machine("Foo")).unwrap().unwrap(),
        store.try_lock(LockName::Machine("store")).unwrap().unwrap(),
        store.try_lock(LockName::Machine("authority")).unwrap().unwrap(),
        store.try_lock(LockName::Store).unwrap().unwrap(),
        store.try_lock(LockName::Authority).unwrap().unwrap(),
    ];
    // A wait that is given up holds nothing.
    let wait = store.lock(LockName::Machine("foo"), &|| {});
    tokio::select! { biased; _ = wait => panic!("it is held"), () = std::future::ready(()) => {} }
    drop(foo);
    let foo = store.try_lock(LockName::Machine("foo")).unwrap().unwrap();
    foo.unlink().unwrap();
    assert_eq!(std::fs::read_dir(store.root().join("locks")).unwrap().count(), 5);
    drop(store.try_lock(LockName::Machine("foo")).unwrap().unwrap());
    assert_eq!(store.names().unwrap(), [] as [&str; 0], "locks are no machines");
}

#[tokio::test]
async fn any_name_of_a_machine_has_a_lock_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let (long, other) = ("ü".repeat(127), "ü".repeat(126) + "a");
    let _held = store.lock(LockName::Machine(&long), &|| {}).await.unwrap();
    assert!(store.try_lock(LockName::Machine(&long)).unwrap().is_none());
    assert!(store.try_lock(LockName::Machine(&other)).unwrap().is_some());
    for name in ["", "..", "a/b", "../../x"] {
        let error = store.lock(LockName::Machine(name), &|| {}).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    std::fs::create_dir(dir.path().join("locks/machine-folder.lock")).unwrap();
    let error = store.try_lock(LockName::Machine("folder")).unwrap_err();
    assert!(chain(&error).contains("machine-folder.lock"), "{error}");
}

/// A child that is being started holds copies of all open files for a moment.
#[test]
fn a_lock_ends_with_its_holder_whoever_is_being_started() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let path = store.journal_path("6f0b2c1e-8c1d-4a53-9d8e-0d7c1f1b2a3c");
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                std::process::Command::new("true").status().unwrap();
            }
        });
        let busy = (0..300).filter(|_| {
            let machine = store.try_lock(LockName::Machine("m")).unwrap();
            machine.is_none() || FileJournal::open(&path).is_err()
        });
        let busy = busy.count();
        ended.store(true, Ordering::SeqCst);
        assert_eq!(busy, 0);
    });
}

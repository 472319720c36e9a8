//! What belongs to no machine of the store.
use crate::lifecycle::{Bench, bench_with};
use machine_conformance::{Fixture, MemoryFixture};
use machine_core::{Clock, Options, TAG_MACHINE, TAG_STORE};
use machine_host::{LockName, Orphans, OrphansSpec};
use std::collections::BTreeMap;
use std::time::Duration;

async fn bench() -> Bench {
    let fixture = MemoryFixture::new();
    let specs = fixture.provider().options().await.unwrap();
    bench_with(Options::new(&specs, fixture.options()).unwrap().secrets())
}

fn spec(scopes: &[&str], store: Option<&str>) -> OrphansSpec {
    let mut spec = OrphansSpec::default();
    spec.drivers = vec!["memory".to_owned()];
    spec.scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
    spec.store_id = store.map(str::to_owned);
    spec
}

fn ids(orphans: &Orphans) -> Vec<String> {
    let parts = orphans.all.iter().flat_map(|orphan| &orphan.parts);
    let mut ids: Vec<_> = parts.map(|part| part.id.clone()).collect();
    ids.sort();
    ids
}

async fn found(bench: &Bench, spec: &OrphansSpec) -> Orphans {
    bench.machines.orphans(spec).await.unwrap()
}

async fn collect(bench: &Bench, spec: &OrphansSpec) {
    for orphan in found(bench, spec).await.all {
        bench.machines.collect(&orphan, spec).await.unwrap();
    }
}

async fn hours_pass(bench: &Bench) {
    bench.fixture.faults().clock().sleep(Duration::from_secs(2 * 60 * 60)).await;
}

#[tokio::test]
async fn a_machine_of_the_store_is_no_orphan() {
    let bench = bench().await;
    bench.create().await.unwrap_err();
    hours_pass(&bench).await;
    let here = spec(&["here"], None);
    let orphans = found(&bench, &here).await;
    assert_eq!((ids(&orphans), orphans.young), (vec![], 0));
    // Its group is known by config.json alone, where the journal is lost.
    std::fs::remove_dir_all(bench.folder.path().join("store/journal")).unwrap();
    assert_eq!(ids(&found(&bench, &here).await), Vec::<String>::new());
    bench.rm_leaves_nothing().await;
}

#[tokio::test]
async fn what_a_forced_removal_left_is_deleted_by_its_journal() {
    let bench = bench().await;
    bench.create().await.unwrap_err();
    let all = bench.fixture.resources().await;
    let instance = all.iter().find(|id| id.starts_with("instance")).unwrap();
    bench.fixture.faults().stick(instance);
    assert!(bench.machines.remove("m", true).await.gone);
    assert_eq!(bench.entries(), (0, 1));
    // No place is given: the journal tells, and whose it is, however young.
    let nowhere = spec(&[], None);
    let orphans = found(&bench, &nowhere).await;
    assert_eq!(orphans.all[0].name.as_deref(), Some("m"));
    assert_eq!(orphans.all[0].parts[0].scope, "here");
    assert!(ids(&orphans).contains(instance));
    // The group is told by the journal and, once it may be old enough, by its tag: it is shown once.
    hours_pass(&bench).await;
    assert_eq!(ids(&found(&bench, &nowhere).await), ids(&orphans));
    let still_stuck = bench.machines.collect(&orphans.all[0], &nowhere).await.unwrap_err();
    assert_eq!(still_stuck.leftovers()[0].ids, [instance.as_str()]);
    assert_eq!(bench.entries(), (0, 1), "the journal stays while something does");
    bench.fixture.faults().restart();
    collect(&bench, &nowhere).await;
    assert_eq!(bench.fixture.resources().await, Vec::<String>::new());
    assert_eq!(bench.entries(), (0, 0));
    assert!(found(&bench, &nowhere).await.all.is_empty());
}

#[tokio::test]
async fn what_has_no_journal_is_left_alone_for_an_hour() {
    let bench = bench().await;
    bench.create().await.unwrap_err();
    let all = bench.fixture.resources().await;
    for folder in ["machines", "journal"] {
        std::fs::remove_dir_all(bench.folder.path().join("store").join(folder)).unwrap();
    }
    assert!(found(&bench, &spec(&[], None)).await.all.is_empty(), "nothing names a place");
    let here = spec(&["here"], None);
    let orphans = found(&bench, &here).await;
    // The group does not tell its age, and may be what the young ones use.
    assert_eq!((ids(&orphans), orphans.young), (vec![], 2));
    hours_pass(&bench).await;
    assert_eq!(ids(&found(&bench, &here).await), all);
    collect(&bench, &here).await;
    assert_eq!(bench.fixture.resources().await, Vec::<String>::new());
}

#[tokio::test]
async fn another_store_is_nobodys_business_until_it_is_named() {
    let bench = bench().await;
    let account = bench.fixture.account();
    let tags = |store: &str| BTreeMap::from([(TAG_STORE.to_owned(), store.to_owned())]);
    account.make_group("theirs", tags("another"));
    account.make_group("nobodys", BTreeMap::new());
    let mut of_a_machine = tags("another");
    of_a_machine.insert(TAG_MACHINE.to_owned(), "b9f1".to_owned());
    account.make_group("one-machines", of_a_machine);
    hours_pass(&bench).await;
    assert!(found(&bench, &spec(&["here"], None)).await.all.is_empty());
    let theirs = spec(&["here"], Some("another"));
    let orphans = found(&bench, &theirs).await;
    // Of unknown age, so only what machines shared.
    assert_eq!((orphans.all.len(), orphans.young), (0, 1));
    let group = bench.fixture.resources().await.into_iter().nth(2).unwrap();
    account.delete(&group);
    collect(&bench, &theirs).await;
    assert_eq!(bench.fixture.resources().await.len(), 1, "the one without a tag");
}

#[tokio::test]
async fn what_another_command_works_on_is_left_alone() {
    let bench = bench().await;
    bench.create().await.unwrap_err();
    let all = bench.fixture.resources().await;
    bench.fixture.faults().stick(&all[1]);
    assert!(bench.machines.remove("m", true).await.gone);
    bench.fixture.faults().restart();
    let nowhere = spec(&[], None);
    let lock = bench.store().try_lock(LockName::Machine("m")).unwrap().unwrap();
    let orphans = found(&bench, &nowhere).await;
    assert_eq!((orphans.all.len(), orphans.busy), (0, 1));
    drop(lock);
    assert_eq!(found(&bench, &nowhere).await.busy, 0);
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_stops_it() {
    let bench = bench().await;
    bench.create().await.unwrap_err();
    hours_pass(&bench).await;
    let here = spec(&["here"], None);
    let machine = bench.store().machine_dir("m");
    let config = std::fs::read(machine.join("config.json")).unwrap();
    std::fs::write(machine.join("config.json"), "{").unwrap();
    let orphans = found(&bench, &here).await;
    assert!(orphans.all.is_empty() && !orphans.failures.is_empty());
    std::fs::write(machine.join("config.json"), config).unwrap();
    std::fs::write(machine.join("machine.json"), "{").unwrap();
    let refused = bench.machines.orphans(&here).await.unwrap_err();
    assert!(refused.to_string().contains("machine.json"), "{refused}");
}

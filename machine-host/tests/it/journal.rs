use crate::support::{assert_success, child_on_tmpfs, skip};
use machine_core::{Intent, Journal, Record};
use machine_host::{FileJournal, Own, Store};
use std::io::Write;
use std::path::PathBuf;

fn intent(n: usize) -> Record {
    Record::Intent(Intent::new("vm", "here").with_key("vm", &n.to_string()))
}

#[tokio::test]
#[ignore = "a child of the next test"]
async fn on_a_full_disk() {
    let store = Store::new(PathBuf::from(std::env::var_os("CHILD").unwrap()));
    let path = store.journal_path(&Own::new().id);
    let ballast = store.root().join("ballast");
    let journal = FileJournal::open(&path).unwrap();
    // The first block is the journal's already; the line that leaves it is torn.
    journal.append(intent(0)).await.unwrap();
    let mut stored = 1;
    let mut other = std::fs::File::create(&ballast).unwrap();
    while other.write(&[0; 512]).is_ok() {}
    drop(other);
    let error = loop {
        match journal.append(intent(stored)).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(stored > 1);
    let text = error.to_string();
    assert!(text.contains(".jsonl") && text.ends_with("no space left on device"), "{text}");
    std::fs::remove_file(ballast).unwrap();
    journal.append(intent(stored)).await.unwrap();
    drop(journal);
    let want: Vec<_> = (0..=stored).map(intent).collect();
    assert_eq!(FileJournal::open(&path).unwrap().records().await.unwrap(), want);
}

#[test]
fn a_full_disk_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    match child_on_tmpfs("journal::on_a_full_disk", dir.path(), "size=64k") {
        Ok(output) => assert_success(&output),
        Err(why) => skip(&why),
    }
}

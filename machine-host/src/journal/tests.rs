use super::*;
use machine_core::Intent;

/// A disk with room for `room` bytes; may refuse to shrink.
#[derive(Debug)]
struct SmallDisk {
    file: File,
    room: usize,
    shrinks: bool,
}

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.room);
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= fits;
        self.file.write(&bytes[..fits])
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Media for SmallDisk {
    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.room = 1000; // somebody makes room just then
        if !self.shrinks {
            return Err(io::ErrorKind::Other.into());
        }
        self.file.set_len(len)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn intent(n: usize) -> Record {
    Record::Intent(Intent::new("vm", "here").with_key("vm", &n.to_string()))
}

fn small(path: &Path, room: usize, shrinks: bool) -> FileJournal {
    let file = File::options().append(true).create(true).open(path).unwrap();
    FileJournal::over(path, Box::new(SmallDisk { file, room, shrinks }), 0, Vec::new())
}

/// What a power cut leaves: all that was synced.
#[derive(Clone, Debug, Default)]
struct Durable {
    cached: Vec<u8>,
    synced: Arc<Mutex<Vec<u8>>>,
}

impl Write for Durable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.cached.extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Media for Durable {
    fn set_len(&mut self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn sync(&mut self) -> io::Result<()> {
        locked(&self.synced).append(&mut self.cached);
        Ok(())
    }
}

#[tokio::test]
async fn what_is_acknowledged_outlives_a_power_cut() {
    let disk = Durable::default();
    let journal = FileJournal::over(Path::new("j"), Box::new(disk.clone()), 0, Vec::new());
    for n in 1..4 {
        journal.append(intent(n)).await.unwrap();
        let (_, left) = whole_lines(&locked(&disk.synced));
        assert_eq!(left, journal.records().await.unwrap());
        assert_eq!(left.len(), n);
    }
}

#[tokio::test]
async fn partial_write_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    for room in 0..intent(1).to_line().len() {
        let path = dir.path().join(room.to_string());
        let journal = small(&path, room, true);
        assert!(journal.append(intent(1)).await.is_err(), "room {room}");
        journal.append(intent(2)).await.unwrap();
        drop(journal);
        let journal = FileJournal::open(&path).unwrap();
        assert_eq!(journal.records().await.unwrap(), [intent(2)], "room {room}");
    }
}

#[tokio::test]
async fn what_cannot_be_taken_back_poisons() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j");
    let journal = small(&path, 10, false);
    assert!(journal.append(intent(1)).await.is_err());
    assert!(journal.append(intent(2)).await.is_err(), "must not be glued to the torn line");
    drop(journal);
    let journal = FileJournal::open(&path).unwrap();
    assert_eq!(journal.records().await.unwrap(), []);
    journal.append(intent(3)).await.unwrap();
}

#[tokio::test]
async fn survives_a_cut_at_every_byte() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j");
    let journal = FileJournal::open(&path).unwrap();
    journal.append(intent(1)).await.unwrap();
    let first = std::fs::metadata(&path).unwrap().len() as usize;
    journal.append(intent(2)).await.unwrap();
    drop(journal);
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        for tail in ["", "\0\0\0", "\0\0\0\n"] {
            std::fs::write(&path, [&whole[..cut], tail.as_bytes()].concat()).unwrap();
            let journal = FileJournal::open(&path).unwrap();
            let mut want = match cut {
                _ if cut == whole.len() => vec![intent(1), intent(2)],
                // The tail took the place of the line's end.
                _ if cut >= first => vec![intent(1)],
                _ => vec![],
            };
            assert_eq!(journal.records().await.unwrap(), want, "cut at {cut}");
            journal.append(intent(3)).await.unwrap();
            drop(journal);
            want.push(intent(3));
            let journal = FileJournal::open(&path).unwrap();
            assert_eq!(journal.records().await.unwrap(), want, "append after cut {cut}");
        }
    }
}

#[tokio::test]
async fn foreign_and_damaged_lines_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j");
    let newer = r#"{"record":"paused","key":"vm/1","n":12345678901234567890123}"#;
    let text = format!("{newer}\n#!damage\r\n{}\n", intent(1).to_line());
    std::fs::write(&path, &text).unwrap();
    let journal = FileJournal::open(&path).unwrap();
    let records = journal.records().await.unwrap();
    assert!(
        matches!(&records[0], Record::Unknown { key: Some(k), text } if k == "vm/1" && text == newer)
    );
    assert!(matches!(&records[1], Record::Unknown { key: Some(_), .. }));
    assert_eq!(records[1].to_line(), "#!damage\r");
    assert_eq!(records[2], intent(1));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_damaged_last_line_stays_however_often_it_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j");
    let line = intent(1).to_line();
    let text = format!("{line}\n{}\n{}\n", line.replace('{', "\u{1}"), line.replace('"', "#"));
    std::fs::write(&path, format!("{text}{{\"record")).unwrap();
    for _ in 0..3 {
        let journal = FileJournal::open(&path).unwrap();
        assert_eq!(journal.records().await.unwrap().len(), 3);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn second_opener_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("folder/j");
    let held = FileJournal::open(&path).unwrap();
    assert_eq!(FileJournal::open(&path).unwrap_err().kind(), ErrorKind::Conflict);
    drop(held);
    FileJournal::open(&path).unwrap();
}

/// Appends of a future that is dropped are either not begun or seen by whoever looks next.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_append_is_settled_before_the_next_look() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j");
    for n in 0..200 {
        let journal = FileJournal::open(&path).unwrap();
        let before = journal.records().await.unwrap().len();
        let mut append = Box::pin(journal.append(intent(n)));
        let polled =
            std::future::poll_fn(|cx| std::task::Poll::Ready(append.as_mut().poll(cx).is_ready()));
        polled.await;
        drop(append);
        let seen = journal.records().await.unwrap();
        assert_eq!(seen.len(), before + 1);
        if n % 2 == 0 {
            let mut append = Box::pin(journal.append(intent(1000 + n)));
            std::future::poll_fn(|cx| std::task::Poll::Ready(append.as_mut().poll(cx).is_ready()))
                .await;
        }
        drop(journal);
    }
    assert_eq!(FileJournal::open(&path).unwrap().records().await.unwrap().len(), 300);
}

#[tokio::test]
async fn a_settled_journal_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j");
    let journal = FileJournal::open(&path).unwrap();
    journal.append(intent(1)).await.unwrap();
    assert!(!journal.close().await.unwrap());
    let journal = FileJournal::open(&path).unwrap();
    journal.append(Record::Deleted { key: "vm/1".into() }).await.unwrap();
    assert!(journal.close().await.unwrap());
    assert!(!path.exists());
    assert!(FileJournal::open(&path).unwrap().close().await.unwrap());
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("folder")).unwrap();
    let error = FileJournal::open(&dir.path().join("folder")).unwrap_err();
    assert!(error.to_string().ends_with("is a directory"), "{error}");
}

#[test]
fn needs_no_runtime() {
    let dir = tempfile::tempdir().unwrap();
    let journal = FileJournal::open(&dir.path().join("j")).unwrap();
    let mut append = Box::pin(journal.append(intent(1)));
    let waker = std::task::Waker::noop();
    let polled = append.as_mut().poll(&mut std::task::Context::from_waker(waker));
    assert!(matches!(polled, std::task::Poll::Ready(Ok(()))));
}

#[test]
fn only_the_owner_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j");
    std::fs::write(&path, "").unwrap();
    drop(FileJournal::open(&path).unwrap());
    assert_eq!(platform::mode_of(&std::fs::metadata(&path).unwrap()), platform::PRIVATE);
}

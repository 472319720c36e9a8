//! A machine's journal.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_core::{Record, resources};
use machine_host::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::journal(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let records: Vec<_> = text.lines().map(Record::from_line).collect();
    for record in &records {
        assert_eq!(Record::from_line(&record.to_line()), *record);
    }
    let all = resources(&records);
    for (index, resource) in all.iter().enumerate() {
        let key = &resource.intent.key;
        assert!(all[..index].iter().all(|other| other.intent.key != *key));
        // Open, unless the last word on it is that it is gone.
        let last = records.iter().rfind(|record| match record {
            Record::Intent(intent) => intent.key == *key,
            Record::Created { key: k, .. }
            | Record::Deleting { key: k }
            | Record::Deleted { key: k }
            | Record::Unknown { key: Some(k), .. } => k == key,
            _ => false,
        });
        assert_eq!(resource.open, !matches!(last, Some(Record::Deleted { .. })));
    }
});

use crate::Fault;
use crate::disk::Entry;
use crate::machine::Machine;
use crate::world::{LIMIT, World};
use libtest_mimic::Failed;
use machine_core::{Event, Record};
use std::collections::BTreeMap;

/// What a key was last said to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Said {
    Making,
    Made,
    Deleting,
    Deleted,
}

/// Whoever draws progress hears of every resource, in order, and of nothing before it is recorded.
pub(crate) async fn events_follow_the_journal(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    let mut ours = world.machine().await?;
    ours.created().await?;
    follow(&ours, "create")?;
    ours.removed().await?;
    follow(&ours, "remove")?;
    for nth in (0..LIMIT).step_by(world.fixture.stride()) {
        let mut ours = world.machine().await?;
        faults.arm(&[(nth, Fault::Refused)]);
        let created = ours.create().await.ok_or("died")?;
        let spent = faults.seen() > nth;
        faults.restart();
        let when = format!("refused at call {nth}");
        follow(&ours, &when)?;
        if created.is_ok() {
            ours.removed().await?;
            follow(&ours, &when)?;
        }
        if !spent {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

fn follow(machine: &Machine<'_>, when: &str) -> Result<(), Failed> {
    let mut said: BTreeMap<String, Said> = BTreeMap::new();
    let (mut created, mut deleted) = (BTreeMap::new(), BTreeMap::new());
    let entries = machine.log.entries();
    for entry in entries.iter() {
        let wrong = match entry {
            Entry::Wrote(Record::Created { key, id }) => {
                created.insert(key.clone(), id.clone());
                None
            }
            Entry::Wrote(Record::Deleted { key }) => {
                deleted.insert(key.clone(), ());
                None
            }
            Entry::Said(Event::Making { key }) => {
                said.insert(key.clone(), Said::Making).map(|_| "made twice")
            }
            Entry::Said(Event::Made { key, id }) => match said.insert(key.clone(), Said::Made) {
                Some(Said::Making) if created.get(key) == Some(id) => None,
                Some(Said::Making) => Some("said to be made before that was recorded"),
                _ => Some("made without a beginning, or twice"),
            },
            Entry::Said(Event::Deleting { key }) => {
                said.insert(key.clone(), Said::Deleting);
                None
            }
            Entry::Said(Event::Deleted { key }) => match said.insert(key.clone(), Said::Deleted) {
                _ if !deleted.contains_key(key) => Some("said to be gone before that was recorded"),
                Some(Said::Deleted) => Some("gone twice"),
                _ => None,
            },
            Entry::Said(Event::Said { line }) if line.contains('\n') => Some("a line with an end"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(format!("{when}: {wrong}: {entry:?}").into());
        }
    }
    let unsaid = |key: &&String| {
        !matches!(said.get(*key), Some(Said::Made | Said::Deleting | Said::Deleted))
    };
    if let Some(key) = created.keys().find(unsaid) {
        return Err(format!("{when}: {key} was made, and nobody heard of it").into());
    }
    if let Some(key) = deleted.keys().find(|key| said.get(*key) != Some(&Said::Deleted)) {
        return Err(format!("{when}: {key} is gone, and nobody heard of it").into());
    }
    Ok(())
}

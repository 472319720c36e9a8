use super::life::can_be_reached;
use crate::world::{LIMIT, World};
use crate::{Fault, LAG, STORE};
use libtest_mimic::Failed;
use machine_core::{Cx, ErrorKind, Journal, MemoryJournal, Record, State};
use std::collections::BTreeMap;

const ALIVE: [Fault; 3] = [Fault::Refused, Fault::ReplyLost, Fault::ReplyLostAndLagging];

/// No `remove` here: a create that fails and lives must tidy up on its own.
pub(crate) async fn failed_create_cleans_up_by_itself(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    for fault in ALIVE {
        for nth in 0..LIMIT {
            let mut ours = world.machine().await?;
            faults.arm(&[(nth, fault)]);
            let created = ours.create().await.ok_or("died")?;
            let spent = faults.seen() > nth;
            faults.restart();
            if created.is_ok() {
                ours.removed().await?;
            }
            world.only_the_neighbour_is_left(&format!("{fault:?} at call {nth}")).await?;
            if !spent {
                break;
            }
        }
    }
    Ok(())
}

/// Same journal, same state: the user tries again. Nothing may exist twice.
pub(crate) async fn create_after_a_failed_one_succeeds(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    let mut ours = world.machine().await?;
    ours.created().await?;
    let usual = world.ours().await.len();
    ours.removed().await?;
    for fault in [Fault::Refused, Fault::ReplyLostAndLagging, Fault::Died] {
        for nth in 0..LIMIT {
            let mut ours = world.machine().await?;
            faults.arm(&[(nth, fault)]);
            let first = ours.create().await;
            let spent = faults.seen() > nth;
            faults.restart();
            let when = format!("{fault:?} at call {nth}");
            if !matches!(first, Some(Ok(()))) {
                ours.created().await.map_err(|f| at(&when, &f))?;
            }
            let made = world.ours().await;
            if made.len() != usual {
                return Err(format!("{when}: made {made:?}").into());
            }
            can_be_reached(&ours).await?;
            ours.removed().await?;
            world.only_the_neighbour_is_left(&when).await?;
            if !spent {
                break;
            }
        }
    }
    Ok(())
}

/// The unwinding itself is cut off, and then the user tries again: what was half removed is no
/// ground to build on.
pub(crate) async fn create_after_a_cut_unwinding_succeeds(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    for cut in [Fault::ReplyLost, Fault::Died] {
        for nth in (0..LIMIT).step_by(world.fixture.stride()) {
            let mut spent = false;
            for later in (nth + 1..LIMIT).step_by(world.fixture.stride()) {
                let mut ours = world.machine().await?;
                faults.arm(&[(nth, Fault::Refused), (later, cut)]);
                let first = ours.create().await;
                spent = faults.seen() > nth;
                let ended = faults.seen() <= later;
                faults.restart();
                let when = format!("refused at call {nth}, {cut:?} at call {later}");
                if !matches!(first, Some(Ok(()))) {
                    ours.created().await.map_err(|f| at(&when, &f))?;
                }
                can_be_reached(&ours).await.map_err(|f| at(&when, &f))?;
                ours.removed().await?;
                world.only_the_neighbour_is_left(&when).await?;
                if ended {
                    break;
                }
            }
            if !spent {
                break;
            }
        }
    }
    Ok(())
}

fn at(when: &str, failed: &Failed) -> Failed {
    format!("{when}: {}", failed.message().unwrap_or_default()).into()
}

/// `create` ends at every await: whatever state it left on disk can be looked at, adopted, and
/// created from.
pub(crate) async fn saved_state_is_usable(world: &World<'_>) -> Result<(), Failed> {
    for polls in (1..LIMIT).step_by(world.fixture.stride()) {
        let mut ours = world.machine().await?;
        let ended = ours.create_within(polls).await;
        let when = format!("dropped at await {polls}");
        match ours.status().await {
            Err(e) if e.kind() == ErrorKind::InvalidOption => {
                return Err(format!("{when}: its state cannot be read: {e}").into());
            }
            _ => {}
        }
        ours.signed_in_later().await?.adopt(&ours.state).map_err(|e| format!("{when}: {e}"))?;
        ours.created().await.map_err(|f| at(&when, &f))?;
        can_be_reached(&ours).await?;
        ours.removed().await?;
        world.only_the_neighbour_is_left(&when).await?;
        if ended.is_some() {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

/// The process dies at each call of `create`; the next one removes, at its second try.
pub(crate) async fn remove_after_a_crash_leaves_nothing(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    for nth in 0..LIMIT {
        let mut spent = false;
        for refused in 0..3 {
            let mut ours = world.machine().await?;
            faults.arm(&[(nth, Fault::Died)]);
            ours.create().await;
            spent = faults.seen() > nth;
            faults.restart();
            faults.arm(&[(refused, Fault::Refused)]); // a failed search is not "none"
            ours.remove().await.ok_or("died")?.ok();
            faults.restart();
            ours.removed().await?;
            world.only_the_neighbour_is_left(&format!("died at call {nth}")).await?;
        }
        if !spent {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

/// One reply is lost, and the process dies in whatever `create` does then.
pub(crate) async fn second_attempt_after_a_lost_reply(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    for nth in (0..LIMIT).step_by(world.fixture.stride()) {
        let mut spent = false;
        for later in (nth + 1..LIMIT).step_by(world.fixture.stride()) {
            let mut ours = world.machine().await?;
            faults.arm(&[(nth, Fault::ReplyLostAndLagging), (later, Fault::Died)]);
            ours.create().await;
            spent = faults.seen() > nth;
            let ended = faults.seen() <= later;
            faults.restart();
            ours.removed().await?;
            let when = format!("lost at call {nth}, died at call {later}");
            world.only_the_neighbour_is_left(&when).await?;
            if ended {
                break;
            }
        }
        if !spent {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

/// `create` is dropped at every await, as Ctrl-C does; the state is not saved.
pub(crate) async fn cancelled_create_leaves_nothing(world: &World<'_>) -> Result<(), Failed> {
    for polls in (1..LIMIT).step_by(world.fixture.stride()) {
        let mut ours = world.machine().await?;
        let created = ours.create_within(polls).await;
        world.fixture.faults().lag();
        ours.removed().await?;
        world.only_the_neighbour_is_left(&format!("dropped at await {polls}")).await?;
        if created.is_some() {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

pub(crate) async fn cancelled_remove_can_be_repeated(world: &World<'_>) -> Result<(), Failed> {
    for polls in (1..LIMIT).step_by(world.fixture.stride()) {
        let mut ours = world.machine().await?;
        ours.created().await?;
        let removed = ours.remove_within(polls).await;
        ours.removed().await?;
        world.only_the_neighbour_is_left(&format!("dropped at await {polls}")).await?;
        if removed.is_some() {
            return Ok(());
        }
    }
    Err("remove never ends".into())
}

/// The disk fills up at every write, and has room again when the user removes.
pub(crate) async fn full_disk_leaves_nothing(world: &World<'_>) -> Result<(), Failed> {
    for writes in 0..LIMIT {
        let mut ours = world.machine().await?;
        ours.disk.fill_after(writes);
        let created = ours.create().await.ok_or("died")?;
        ours.disk.heal();
        ours.removed().await?;
        world.only_the_neighbour_is_left(&format!("full after {writes} writes")).await?;
        if created.is_ok() {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

/// Journal and state are lost: tags alone lead to what is left, and it goes the one way.
pub(crate) async fn gc_finds_what_lost_its_store(world: &World<'_>) -> Result<(), Failed> {
    let (faults, clock) = (world.fixture.faults(), world.fixture.clock());
    for nth in (0..LIMIT).step_by(world.fixture.stride()) {
        let mut lost = world.machine().await?;
        faults.arm(&[(nth, Fault::Died)]);
        let created = lost.create().await;
        let spent = faults.seen() > nth;
        faults.restart();
        clock.sleep(LAG).await; // gc is run again anyway
        let provider = lost.signed_in_later().await?;
        let mut orphans: BTreeMap<bool, Vec<Record>> = BTreeMap::new();
        for scope in world.fixture.scopes() {
            assert!(provider.find_tagged(&scope, "another-store").await?.is_empty());
            for found in provider.find_tagged(&scope, STORE).await? {
                if found.machine.as_ref().is_none_or(|id| *id == lost.id) {
                    orphans.entry(found.machine.is_none()).or_default().extend(found.records());
                }
            }
        }
        for records in orphans.into_values() {
            // A machine's own things first, then what it may have shared.
            let journal = MemoryJournal::default();
            for record in records {
                journal.append(record).await?;
            }
            let mut cx: Cx<'_> = lost.cx();
            cx.journal = &journal;
            provider.remove(&cx, &mut State::default()).await?;
        }
        world.only_the_neighbour_is_left(&format!("died at call {nth}, then gc")).await?;
        if created.is_some() && !spent {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

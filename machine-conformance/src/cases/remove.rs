use super::life::{can_be_reached, gone};
use crate::Fault;
use crate::disk::Disk;
use crate::world::{LIMIT, World};
use libtest_mimic::Failed;
use machine_core::{Error, ErrorKind, TAG_STORE};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) async fn remove_twice_succeeds(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    ours.created().await?;
    let before = ours.state.clone();
    ours.removed().await?;
    ours.removed().await?;
    // And with a state of yesterday and no journal: ids that are gone.
    ours.state = before;
    ours.disk = Disk::default();
    ours.removed().await?;
    gone(ours.status().await)
}

pub(crate) async fn remove_of_what_never_was_succeeds(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    ours.removed().await?;
    gone(ours.status().await)
}

pub(crate) async fn faulty_remove_can_be_repeated(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    for fault in [Fault::Refused, Fault::ReplyLost, Fault::ReplyLostAndLagging, Fault::Died] {
        for nth in (0..LIMIT).step_by(world.fixture.stride()) {
            let mut ours = world.machine().await?;
            ours.created().await?;
            faults.arm(&[(nth, fault)]);
            let removed = ours.remove().await;
            let spent = faults.seen() > nth;
            faults.restart();
            let when = format!("{fault:?} at call {nth}");
            if matches!(removed, Some(Ok(()))) {
                world.only_the_neighbour_is_left(&format!("{when}, said to be removed")).await?;
            }
            ours.removed().await?;
            world.only_the_neighbour_is_left(&when).await?;
            if !spent {
                break;
            }
        }
    }
    Ok(())
}

/// Also of a machine that is on its way already, and of two in a row that share something.
pub(crate) async fn accepted_deletion_is_waited_for(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    let (mut first, mut second) = (world.machine().await?, world.machine().await?);
    first.created().await?;
    let of_first = world.ours().await;
    second.created().await?;
    let later =
        |id: &&String| world.fixture.deletes_later().iter().any(|kind| id.starts_with(kind));
    if !of_first.iter().any(|id| later(&id)) {
        return Err("nothing of what was made is deleted later".into());
    }
    for nth in 0..LIMIT {
        // Cut off at each call: the deletion goes on without us, and is met half done.
        faults.arm(&[(nth, Fault::Died)]);
        let ended = first.remove().await;
        faults.restart();
        if let Some(ended) = ended {
            ended?;
            break;
        }
    }
    let left: BTreeSet<_> = world.ours().await.intersection(&of_first).cloned().collect();
    second.removed().await?;
    if let Some(id) = left.iter().find(later) {
        return Err(format!("said to be removed, and {id} is still going").into());
    }
    world.only_the_neighbour_is_left("after both").await
}

pub(crate) async fn deletion_that_never_ends_is_reported(world: &World<'_>) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    let mut ours = world.machine().await?;
    ours.created().await?;
    let all = world.ours().await;
    let later =
        |id: &&String| world.fixture.deletes_later().iter().any(|kind| id.starts_with(kind));
    let stalled = all.iter().find(later).ok_or("nothing of what was made is deleted later")?;
    faults.stall(stalled);
    let removed = ours.remove().await.ok_or("died")?;
    faults.restart();
    let error = removed.err().ok_or(format!("{stalled} never went, and remove said Ok"))?;
    all_is_reported(world, &error, &format!("{stalled} never went")).await?;
    can_be_reached(&ours).await.map_err(|_| format!("the state no longer shows {stalled}"))?;
    ours.removed().await
}

/// Ours goes first, then the neighbour's; and the other way round.
pub(crate) async fn shared_resource_in_use_is_left(world: &World<'_>) -> Result<(), Failed> {
    let (mut first, mut second) = (world.machine().await?, world.machine().await?);
    first.created().await?;
    second.created().await?;
    first.removed().await?;
    second.status().await?;
    first.created().await?;
    second.removed().await?;
    first.status().await?;
    first.removed().await
}

/// Made by hand, or by another store: used where it is found, and never deleted.
pub(crate) async fn shared_resource_of_others_is_left(world: &World<'_>) -> Result<(), Failed> {
    if !world.is_alone() {
        return Ok(()); // the neighbour shares what it made
    }
    let another = (TAG_STORE.to_owned(), "another-store".to_owned());
    for tags in [BTreeMap::new(), BTreeMap::from([another])] {
        if !world.fixture.make_shared(&tags).await {
            return Err("the fixture cannot make it again".into());
        }
        let there = world.ours().await;
        let mut ours = world.machine().await?;
        ours.created().await?;
        can_be_reached(&ours).await?;
        ours.removed().await?;
        let left = world.ours().await;
        if left != there {
            return Err(format!("with tags {tags:?}: {there:?} became {left:?}").into());
        }
        world.fixture.clear_shared().await;
    }
    Ok(())
}

/// Whatever is left must be in the error; what had no part in it must be gone.
async fn all_is_reported(world: &World<'_>, error: &Error, when: &str) -> Result<(), Failed> {
    let left = world.ours().await;
    let ids = error.leftovers().iter().flat_map(|l| &l.ids);
    let reported: BTreeSet<_> = ids.flat_map(|id| world.fixture.expand(id)).collect();
    let hidden = &left - &reported;
    if !hidden.is_empty() {
        return Err(format!("{when}: hidden leftovers {hidden:?}").into());
    }
    if error.leftovers().is_empty() {
        return Err(format!("{when}: an error without leftovers: {error}").into());
    }
    Ok(())
}

pub(crate) async fn stuck_removal_reports_all_that_is_left(
    world: &World<'_>,
) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    for index in 0..LIMIT {
        let mut ours = world.machine().await?;
        ours.created().await?;
        let Some(stuck) = world.ours().await.into_iter().nth(index) else {
            return ours.removed().await;
        };
        faults.stick(&stuck);
        let removed = ours.remove().await.ok_or("died")?;
        faults.restart();
        let error = removed.err().ok_or(format!("{stuck} stuck, and remove said Ok"))?;
        if error.kind() != ErrorKind::Stuck {
            return Err(format!("{stuck} stuck: kind {:?}", error.kind()).into());
        }
        all_is_reported(world, &error, &format!("{stuck} stuck")).await?;
        ours.removed().await?;
        world.only_the_neighbour_is_left(&format!("{stuck} was stuck")).await?;
    }
    Ok(())
}

/// `create` fails, and nothing can be deleted just then.
pub(crate) async fn stuck_unwinding_is_carried_in_the_error(
    world: &World<'_>,
) -> Result<(), Failed> {
    let faults = world.fixture.faults();
    for nth in (0..LIMIT).step_by(world.fixture.stride()) {
        let mut ours = world.machine().await?;
        faults.arm(&[(nth, Fault::Refused)]);
        faults.stick("*");
        let created = ours.create().await.ok_or("died")?;
        let spent = faults.seen() > nth;
        faults.restart();
        let when = format!("refused at call {nth}");
        match &created {
            Err(error) if !world.ours().await.is_empty() => {
                all_is_reported(world, error, &when).await?;
            }
            _ => {}
        }
        ours.removed().await?;
        world.only_the_neighbour_is_left(&when).await?;
        if !spent {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

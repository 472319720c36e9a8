use crate::machine::Machine;
use crate::world::{LIMIT, World};
use libtest_mimic::Failed;
use machine_core::{Error, ErrorKind, Journal, MachineState, Status};

pub(crate) async fn create_status_remove(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    ours.created().await?;
    if world.ours().await.is_empty() {
        return Err("nothing was made".into());
    }
    can_be_reached(&ours).await?;
    ours.removed().await?;
    gone(ours.status().await)
}

/// Running is of use with an address only.
pub(crate) async fn can_be_reached(machine: &Machine<'_>) -> Result<(), Failed> {
    let status = machine.reaches(MachineState::Running).await?;
    if status.ip.is_none() || status.ssh.is_none() {
        return Err(format!("it runs, but where? {status:?}").into());
    }
    Ok(())
}

pub(crate) fn gone(status: Result<Status, Error>) -> Result<(), Failed> {
    match status {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        other => Err(format!("a removed machine must be NotFound: {other:?}").into()),
    }
}

pub(crate) async fn existing_host_is_left_as_it_was(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    for round in ["first", "second"] {
        ours.created().await?;
        world.only_the_neighbour_is_left(&format!("{round} create")).await?;
        can_be_reached(&ours).await?;
        assert!(ours.disk.records().await?.is_empty(), "{round} create: it wrote to the journal");
        ours.removed().await?;
        world.only_the_neighbour_is_left(&format!("{round} remove")).await?;
        can_be_reached(&ours).await?;
    }
    Ok(())
}

/// With nothing in a journal, the second run finds what the first one left on this computer.
pub(crate) async fn cut_create_can_be_repeated(world: &World<'_>) -> Result<(), Failed> {
    for polls in 1..LIMIT {
        let mut ours = world.machine().await?;
        let first = ours.create_within(polls).await;
        ours.created().await.map_err(|f| {
            format!("dropped at await {polls}: {}", f.message().unwrap_or_default())
        })?;
        can_be_reached(&ours).await?;
        ours.removed().await?;
        if first.is_some() {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

pub(crate) async fn stop_and_start(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    ours.created().await?;
    can_be_reached(&ours).await?;
    let made = world.ours().await;
    ours.run(async |p, cx, s| p.stop(cx, s).await).await?;
    assert_eq!(ours.status().await?.state, MachineState::Stopped, "stop returns once it is");
    ours.run(async |p, cx, s| p.start(cx, s).await).await?;
    can_be_reached(&ours).await?;
    ours.run(async |p, cx, s| p.restart(cx, s).await).await?;
    can_be_reached(&ours).await?;
    ours.run(async |p, cx, s| p.kill(cx, s).await).await?;
    assert_eq!(ours.status().await?.state, MachineState::Stopped, "kill returns once it is");
    assert_eq!(world.ours().await, made, "something was made or lost on the way");
    ours.removed().await
}

pub(crate) async fn start_and_stop_are_unsupported(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    ours.created().await?;
    ours.reaches(MachineState::Running).await?;
    for (what, done) in [
        ("start", ours.run(async |p, cx, s| p.start(cx, s).await).await),
        ("stop", ours.run(async |p, cx, s| p.stop(cx, s).await).await),
        ("kill", ours.run(async |p, cx, s| p.kill(cx, s).await).await),
    ] {
        match done {
            Err(e) if e.kind() == ErrorKind::Unsupported => {}
            other => return Err(format!("{what} without the capability: {other:?}").into()),
        }
    }
    assert_eq!(ours.status().await?.state, MachineState::Running);
    ours.removed().await
}

pub(crate) async fn batch_statuses_equal_single_ones(world: &World<'_>) -> Result<(), Failed> {
    let (mut a, mut b, mut c) =
        (world.machine().await?, world.machine().await?, world.machine().await?);
    for machine in [&mut a, &mut c, &mut b] {
        machine.created().await?;
    }
    c.removed().await?;
    for machine in [&a, &b] {
        machine.reaches(MachineState::Running).await?;
    }
    let never = world.machine().await?;
    let order = [&never, &b, &a, &c, &b];
    let text = |status: &Result<Status, Error>| match status {
        Ok(status) => format!("{status:?}"),
        Err(error) => format!("{:?}", error.kind()),
    };
    let mut single = Vec::new();
    for machine in order {
        single.push(text(&machine.status().await));
    }
    let provider = never.signed_in_later().await?;
    let batch = provider.statuses(&order.map(|m| &m.state)).await;
    assert_eq!(batch.iter().map(text).collect::<Vec<_>>(), single);
    assert!(provider.statuses(&[]).await.is_empty());
    a.removed().await?;
    b.removed().await
}

/// Nothing about a machine stays in the value: two are made in turns, and one is removed.
pub(crate) async fn one_value_serves_many_machines(world: &World<'_>) -> Result<(), Failed> {
    let (mut a, mut b) = (world.blank()?, world.blank()?);
    let (provider, options) = a.signed_in().await?;
    for machine in [&mut a, &mut b] {
        let prepared = provider.prepare(&machine.cx_before(), &options).await?;
        (machine.state, machine.source) = (prepared.state, prepared.source);
    }
    for machine in [&mut a, &mut b] {
        let mut state = machine.state.clone();
        provider.check(&machine.cx_before(), &mut state).await?;
        provider.create(&machine.cx(), &mut state).await?;
        machine.state = state;
    }
    for (ours, other) in [(&a, &b), (&b, &a)] {
        if ours.state.as_json().contains(&format!("\"{}\"", other.name)) {
            return Err(format!("the state of {} names {}", ours.name, other.name).into());
        }
        // Also this way round: the value was asked about the other one before.
        let way = ours.reaches_by(provider.as_ref(), MachineState::Running).await?;
        let others = other.reaches_by(provider.as_ref(), MachineState::Running).await?;
        assert_ne!((way.ip, way.ssh), (others.ip, others.ssh), "two machines, one address");
    }
    let mut state = a.state.clone();
    provider.remove(&a.cx(), &mut state).await?;
    a.state = state;
    b.reaches_by(provider.as_ref(), MachineState::Running).await?;
    gone(a.status().await)?;
    b.removed().await
}

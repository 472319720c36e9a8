use super::life::gone;
use crate::Fault;
use crate::disk::Disk;
use crate::machine::Machine;
use crate::world::World;
use libtest_mimic::Failed;
use machine_core::State;

/// Another program's field, with a number that no float holds.
const FOREIGN: &str = r#""ZzForeign":{"deep":[1.10,123456789012345678901234567890]}"#;

fn with_foreign(machine: &mut Machine<'_>) -> Result<(), Failed> {
    let text = machine.state.as_json().trim_end(); // ends with an object, where that is the last field
    let text = text.strip_suffix('}').unwrap_or(text);
    let comma = if text.trim_end().ends_with('{') { "" } else { "," };
    machine.state = State::from_json(&format!("{text}{comma}{FOREIGN}}}"))?;
    Ok(())
}

fn has_foreign(machine: &Machine<'_>, when: &str) -> Result<(), Failed> {
    if machine.state.as_json().contains(FOREIGN) {
        return Ok(());
    }
    Err(format!("{when}: an unknown field was lost or changed").into())
}

pub(crate) async fn unknown_state_fields_survive(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    with_foreign(&mut ours)?;
    let provider = ours.signed_in_later().await?;
    let mut state = ours.state.clone();
    provider.check(&ours.cx_before(), &mut state).await?;
    ours.state = state;
    has_foreign(&ours, "check")?;
    if !world.fixture.makes_nothing() {
        world.fixture.faults().arm(&[(0, Fault::Refused)]);
        let refused = ours.create().await.ok_or("died")?;
        world.fixture.faults().restart();
        refused.err().ok_or("a refused create succeeded")?;
        has_foreign(&ours, "failed create")?;
    }
    ours.created().await?;
    has_foreign(&ours, "create")?;
    if world.fixture.provider().capabilities().start_stop {
        ours.run(async |p, cx, s| p.stop(cx, s).await).await?;
        has_foreign(&ours, "stop")?;
        ours.run(async |p, cx, s| p.start(cx, s).await).await?;
        has_foreign(&ours, "start")?;
    }
    ours.removed().await?;
    has_foreign(&ours, "remove")
}

/// A machine that another program made: its state says all, and there is no journal.
pub(crate) async fn adopted_machine_is_removed(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    ours.created().await?;
    ours.disk = Disk::default();
    ours.removed().await?;
    world.only_the_neighbour_is_left("after adoption").await
}

/// The state is lost, as it is where a process died before it was saved.
pub(crate) async fn journal_alone_is_enough(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.machine().await?;
    ours.created().await?;
    let state = std::mem::take(&mut ours.state);
    ours.removed().await?;
    world.only_the_neighbour_is_left("removed by the journal alone").await?;
    ours.state = state;
    gone(ours.status().await)
}

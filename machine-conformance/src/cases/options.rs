use crate::world::World;
use libtest_mimic::Failed;
use machine_core::{
    ErrorKind, OptionKind, OptionSpec, OptionValue, Options, Prepared, Result as Answer,
};
use std::collections::BTreeSet;

type Given = Vec<(String, OptionValue)>;

pub(crate) async fn options_are_sound(world: &World<'_>) -> Result<(), Failed> {
    let specs = world.fixture.provider().options().await?;
    let mut names = BTreeSet::new();
    for spec in &specs {
        for name in spec.aliases.iter().chain([&spec.name]) {
            let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || !name.chars().all(sound) || !names.insert(name.to_string()) {
                return Err(format!("name {name:?} is taken or ill-formed").into());
            }
        }
        if spec.help.contains('\n') {
            return Err(format!("help of {} has more than one line", spec.name).into());
        }
    }
    Options::new(&specs, [])?; // defaults are of their option's kind
    let again = world.fixture.provider().options().await?;
    assert_eq!(format!("{specs:?}"), format!("{again:?}"), "options change");
    Ok(())
}

/// However an option is given, it means the same, and none is given for nothing.
pub(crate) async fn options_round_trip(world: &World<'_>) -> Result<(), Failed> {
    let ours = world.blank()?;
    let (provider, _) = ours.signed_in().await?;
    let specs = provider.options().await?;
    let given = world.fixture.options();
    let prepare = async |given: Given| -> Answer<Prepared> {
        let options = Options::new(&specs, given)?;
        provider.prepare(&ours.cx_before(), &options).await
    };
    let usual = text(&prepare(given.clone()).await?);
    assert_eq!(text(&prepare(given.clone()).await?), usual, "the same options, another state");
    for spec in &specs {
        let of_spec = |name: &str| spec.name == name || spec.aliases.iter().any(|a| a == name);
        let here = given.iter().position(|(name, _)| of_spec(name));
        if let (None, Some(default)) = (here, &spec.default) {
            let mut spelled_out = given.clone();
            spelled_out.push((spec.name.to_string(), default.clone()));
            let prepared = text(&prepare(spelled_out).await?);
            assert_eq!(prepared, usual, "{}: the default spelled out", spec.name);
        }
        let Some(index) = here else { continue };
        for name in spec.aliases.iter().chain([&spec.name]) {
            let mut renamed = given.clone();
            renamed[index].0 = name.to_string();
            assert_eq!(text(&prepare(renamed).await?), usual, "{}: as {name}", spec.name);
        }
        let mut without = given.clone();
        without.remove(index);
        let is_default = spec.default.as_ref() == Some(&given[index].1);
        if spec.secret || is_default {
            continue; // not in the state, or no change
        }
        if let Ok(prepared) = prepare(without).await {
            assert_ne!(text(&prepared), usual, "{} makes no difference", spec.name);
        }
    }
    Ok(())
}

fn text(prepared: &Prepared) -> String {
    format!("{} {:?}", prepared.state.as_json(), prepared.source)
}

/// What nobody would give: refused or taken, but without panic or effect.
pub(crate) async fn odd_values_change_nothing(world: &World<'_>) -> Result<(), Failed> {
    let ours = world.blank()?;
    let (provider, _) = ours.signed_in().await?;
    let specs = provider.options().await?;
    for spec in &specs {
        for value in odd_values(spec) {
            let mut given = world.fixture.options();
            given.push((spec.name.to_string(), value.clone()));
            let options = Options::new(&specs, given)?;
            let prepared = provider.prepare(&ours.cx_before(), &options).await;
            let (name, shown) = (&spec.name, format!("{value:.40?}"));
            match prepared {
                Ok(prepared) => {
                    provider.adopt(&prepared.state).map_err(|e| {
                        format!("{name} = {shown}: its own state cannot be read: {e}")
                    })?;
                }
                // A service that is asked may say anything; but it is none of these.
                Err(e) if matches!(e.kind(), ErrorKind::Stuck | ErrorKind::Indeterminate) => {
                    return Err(format!("{name} = {shown}: {e}").into());
                }
                Err(_) => {}
            }
        }
    }
    nothing_was_recorded(&ours)
}

fn odd_values(spec: &OptionSpec) -> Vec<OptionValue> {
    match spec.kind {
        OptionKind::Switch => [true, false].map(OptionValue::Switch).to_vec(),
        OptionKind::Int => {
            [i64::MIN, -1, 0, 1 << 16, 1 << 32, i64::MAX].map(OptionValue::Int).to_vec()
        }
        OptionKind::Text => odd_texts().into_iter().map(OptionValue::Text).collect(),
        OptionKind::List => {
            let lists = odd_texts().into_iter().map(|text| vec![text.clone(), text]);
            lists.chain([Vec::new()]).map(OptionValue::List).collect()
        }
        _ => Vec::new(),
    }
}

fn odd_texts() -> Vec<String> {
    let odd =
        ["", " ", "-", ",", "=", "/", ":", "..", "a\nb", "\u{0}", "\u{e9}\u{1f600}", "%s{}\"'\\"];
    odd.map(str::to_owned).into_iter().chain(["x".repeat(5000)]).collect()
}

/// Prepared and checked: nothing was made, nothing recorded, and the state says all.
pub(crate) async fn prepare_and_check_change_nothing(world: &World<'_>) -> Result<(), Failed> {
    let before = world.ours().await;
    let ours = world.machine().await?;
    assert_eq!(world.ours().await, before, "something was made");
    nothing_was_recorded(&ours)
}

fn nothing_was_recorded(machine: &crate::machine::Machine<'_>) -> Result<(), Failed> {
    if machine.nowhere.was_asked() {
        return Err("it tried to write to the journal".into());
    }
    Ok(())
}

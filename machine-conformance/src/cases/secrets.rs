use super::life::can_be_reached;
use crate::Fault;
use crate::machine::Machine;
use crate::world::{LIMIT, World};
use libtest_mimic::Failed;
use machine_core::{Error, Journal, OptionValue, Options, Result as Answer};
use std::error::Error as _;
use std::path::Path;

/// Neither what is stored nor what is shown holds a secret, whatever fails.
pub(crate) async fn secrets_stay_out_of_sight(world: &World<'_>) -> Result<(), Failed> {
    let (_, options) = world.blank()?.signed_in().await?;
    let secrets = secret_values(&options);
    if secrets.is_empty() {
        return Err("the fixture's options hold no secret".into());
    }
    let faults = world.fixture.faults();
    for nth in (0..LIMIT).step_by(world.fixture.stride()) {
        let mut ours = world.machine().await?;
        faults.arm(&[(nth, Fault::Refused)]);
        faults.stick("*"); // leftovers are shown too
        let created = ours.create().await.ok_or("died")?;
        let spent = faults.seen() > nth;
        faults.restart();
        let mut seen = format!("{options:?}") + &visible(&ours, &created).await?;
        let status = ours.status().await;
        seen += &format!("{:?}", status.as_ref().ok());
        seen += &visible(&ours, &status.map(|_| ())).await?;
        let removed = ours.remove().await.ok_or("died")?;
        seen += &visible(&ours, &removed).await?;
        seen += &files(world.root())?;
        for (name, value) in &secrets {
            if seen.contains(value) {
                return Err(format!("refused at call {nth}: {name} can be read").into());
            }
        }
        if !spent {
            return Ok(());
        }
    }
    Err("create never ends".into())
}

fn secret_values(options: &Options) -> Vec<(String, String)> {
    let value = |(name, value): (&str, &OptionValue)| match value {
        OptionValue::Secret(secret) => Some((name.to_owned(), secret.expose().to_owned())),
        _ => None,
    };
    options.iter().filter_map(value).collect()
}

/// All that a host keeps or shows of a machine and the last answer.
async fn visible(machine: &Machine<'_>, answer: &Answer<()>) -> Answer<String> {
    let records = machine.disk.records().await?;
    let records: Vec<_> = records.iter().map(|r| r.to_line()).collect();
    let shown = answer.as_ref().err().map(shown).unwrap_or_default();
    let (state, source, log) = (machine.state.as_json(), &machine.source, machine.log.entries());
    Ok(format!("{state} {source:?} {records:?} {log:?} {shown}"))
}

fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    text
}

fn files(folder: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        text += &match path.is_dir() {
            true => files(&path)?,
            false => String::from_utf8_lossy(&std::fs::read(&path)?).into_owned(),
        };
    }
    Ok(text)
}

/// A mistyped secret is one all the same.
pub(crate) async fn wrong_secrets_are_not_repeated(world: &World<'_>) -> Result<(), Failed> {
    const WRONG: &str = "wrong-0f3a9c-wrong";
    let ours = world.blank()?;
    let mut provider = world.fixture.provider();
    let specs = provider.options().await?;
    let mut given = world.fixture.options();
    for (name, value) in &mut given {
        let named = |n: &str| n == name.as_str();
        let secret = specs
            .iter()
            .any(|s| s.secret && (named(&s.name) || s.aliases.iter().any(|a| named(a))));
        if secret {
            *value = OptionValue::Text(WRONG.to_owned());
        }
    }
    let options = Options::new(&specs, given)?;
    let answer = async {
        provider.sign_in(&options, None).await?;
        let mut prepared = provider.prepare(&ours.cx_before(), &options).await?;
        let checked = provider.check(&ours.cx_before(), &mut prepared.state).await;
        let status = provider.statuses(&[&prepared.state]).await.pop();
        Ok::<_, Error>((prepared, checked, status))
    };
    let seen = match answer.await {
        Err(error) => shown(&error),
        Ok((prepared, checked, status)) => {
            let status = status.and_then(Result::err);
            let errors = checked.err().into_iter().chain(status);
            let errors: String = errors.map(|e| shown(&e)).collect();
            format!("{} {:?} {errors}", prepared.state.as_json(), prepared.source)
        }
    };
    if seen.contains(WRONG) || format!("{:?}", ours.log.entries()).contains(WRONG) {
        return Err("a wrong secret can be read".into());
    }
    Ok(())
}

/// It is kept in a file of lines, and machines are grouped by it.
pub(crate) async fn source_is_one_line(world: &World<'_>) -> Result<(), Failed> {
    let (a, b) = (world.machine().await?, world.machine().await?);
    assert_eq!(a.source, b.source, "the same credentials, another source");
    let secrets = secret_values(&a.signed_in().await?.1);
    let source = a.source.unwrap_or_default();
    if source.contains('\n') || source.trim() != source {
        return Err(format!("not one trimmed line: {source:?}").into());
    }
    match secrets.iter().find(|(_, value)| source.contains(value)) {
        Some((name, _)) => Err(format!("the source holds the value of {name}").into()),
        None => Ok(()),
    }
}

/// Credentials that are somewhere else are found again by their source alone.
pub(crate) async fn source_is_enough_later(world: &World<'_>) -> Result<(), Failed> {
    let mut ours = world.blank_without_secrets()?;
    let (provider, options) = ours.signed_in().await?;
    if options.secrets().iter().next().is_some() {
        return Err("the fixture's options without secrets hold one".into());
    }
    let prepared = provider.prepare(&ours.cx_before(), &options).await?;
    (ours.state, ours.source) = (prepared.state, prepared.source);
    if ours.source.as_deref().unwrap_or_default().is_empty() {
        return Err("no source is named".into());
    }
    ours.created().await?;
    can_be_reached(&ours).await?;
    if provider.capabilities().start_stop {
        ours.run(async |p, cx, s| p.stop(cx, s).await).await?;
    }
    ours.removed().await
}

use crate::Fixture;
use crate::cases::{CASES, Case};
use crate::subject::Subject;
use crate::world::World;
use libtest_mimic::{Arguments, Failed, Trial};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Environment variable that turns a missing fixture from ignored cases into failed ones.
const REQUIRED: &str = "MACHINE_TESTS_REQUIRED";

/// How a case ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Provider or fixture lack what it is about.
    Ignored(&'static str),
    /// With this message.
    Failed(String),
}

/// What one case said.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The case.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Time that passed on the fixture's clock.
    pub waited: Duration,
}

/// Entry point for a provider's `tests/conformance.rs`, without libtest's own harness.
///
/// `factory` makes one fixture per case; `Err` says why there is none, for example that a simulator
/// is not installed. All cases show as ignored then, or, where `MACHINE_TESTS_REQUIRED=1` is set,
/// as failed. A case that provider or fixture have nothing to say to is ignored too, with the
/// reason in brackets before its name.
pub fn run<F>(factory: F) -> ExitCode
where
    F: Fn() -> Result<Box<dyn Fixture>, String> + Send + Sync + 'static,
{
    let required = std::env::var_os(REQUIRED).is_some_and(|value| value == "1");
    libtest_mimic::run(&Arguments::from_args(), trials(factory, required)).exit_code()
}

fn trials<F>(factory: F, required: bool) -> Vec<Trial>
where
    F: Fn() -> Result<Box<dyn Fixture>, String> + Send + Sync + 'static,
{
    let subject = factory().and_then(|fixture| look_at(fixture.as_ref()));
    let factory = Arc::new(factory);
    let trial = |case: &'static Case| {
        let factory = factory.clone();
        let run = move || one(case, factory()?.as_ref());
        match decide(case, &subject, required) {
            Decision::Run => Trial::test(case.name, run),
            Decision::Ignore(why) => {
                Trial::test(case.name, run).with_kind(why).with_ignored_flag(true)
            }
            Decision::Fail(why) => Trial::test(case.name, move || Err(why.into())),
        }
    };
    CASES.iter().map(trial).collect()
}

#[derive(Debug, Eq, PartialEq)]
enum Decision {
    Run,
    Ignore(&'static str),
    Fail(String),
}

/// A case that cannot run is never left out: an empty list, or one of passes, reads as success.
fn decide(case: &Case, subject: &Result<Subject, String>, required: bool) -> Decision {
    match subject {
        Ok(subject) => case.lacking(subject).map_or(Decision::Run, Decision::Ignore),
        Err(why) if required => Decision::Fail(format!("no fixture: {why}")),
        Err(_) => Decision::Ignore("no fixture"),
    }
}

/// Runs all cases, for tests of the suite itself and of what is built on providers.
///
/// # Panics
/// When the fixture's provider cannot even name its options.
pub fn check(factory: impl Fn() -> Box<dyn Fixture>) -> Vec<Report> {
    let subject = look_at(factory().as_ref()).unwrap_or_else(|why| panic!("{why}"));
    let report = |case: &Case| {
        if let Some(why) = case.lacking(&subject) {
            let outcome = Outcome::Ignored(why);
            return Report { name: case.name, outcome, waited: Duration::ZERO };
        }
        let fixture = factory();
        let result = catch_unwind(AssertUnwindSafe(|| one(case, fixture.as_ref())));
        let outcome = match result {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(e)) => Outcome::Failed(e.message().unwrap_or("no message").to_owned()),
            Err(_) => Outcome::Failed("panicked".to_owned()),
        };
        Report { name: case.name, outcome, waited: fixture.clock().now() }
    };
    CASES.iter().map(report).collect()
}

fn look_at(fixture: &dyn Fixture) -> Result<Subject, String> {
    runtime()?.block_on(Subject::of(fixture)).map_err(|e| e.to_string())
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| format!("no runtime: {e}"))
}

/// Once beside a neighbour, and once as the first machine of the account.
fn one(case: &Case, fixture: &dyn Fixture) -> Result<(), Failed> {
    runtime()?.block_on(async {
        for alone in [false, true] {
            let world = World::new(fixture, alone).await?;
            let round = async {
                (case.body)(&world).await?;
                world.only_the_neighbour_is_left("at the end").await
            };
            let alone = if alone { "first in the account: " } else { "" };
            round.await.map_err(|f: Failed| format!("{alone}{}", f.message().unwrap_or("")))?;
            world.end().await?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::{Decision, decide, trials};
    use crate::MemoryFixture;
    use crate::cases::CASES;

    #[test]
    fn without_a_fixture_every_case_is_ignored_or_fails() {
        let none = Err("the simulator is not installed".to_owned());
        let why = "no fixture: the simulator is not installed".to_owned();
        for case in CASES {
            assert_eq!(decide(case, &none, false), Decision::Ignore("no fixture"));
            assert_eq!(decide(case, &none, true), Decision::Fail(why.clone()));
        }
    }

    #[test]
    fn what_is_ignored_is_listed_with_its_reason() {
        let memory = trials(|| Ok(Box::new(MemoryFixture::new())), true);
        let ignored: Vec<_> = memory.iter().filter(|t| t.has_ignored_flag()).collect();
        let shown: Vec<_> = ignored.iter().map(|t| (t.name(), t.kind())).collect();
        let want = [
            ("existing_host_is_left_as_it_was", "makes something"),
            ("cut_create_can_be_repeated", "makes something"),
            ("start_and_stop_are_unsupported", "can stop"),
        ];
        assert_eq!((memory.len(), shown), (CASES.len(), want.to_vec()));
        let none = trials(|| Err("no simulator".to_owned()), false);
        assert!(none.iter().all(|t| t.has_ignored_flag() && t.kind() == "no fixture"));
    }
}

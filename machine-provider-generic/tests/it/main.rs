//! What is special to the two providers; the rest is in the shared suite.
#![allow(clippy::unwrap_used, reason = "tests")]
mod generic;
mod none;
mod platform;

use async_trait::async_trait;
use machine_core::{
    Clock, Cx, ErrorKind, Event, Intent, Journal, MemoryJournal, OptionValue, Options, Prepared,
    Provider, Record, Result, State, Status,
};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// Neither provider waits by the caller's clock.
struct NoTime;

#[async_trait]
impl Clock for NoTime {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _: Duration) {}
}

/// Lends `operation` a context in `dir`, and returns what was said beside its answer.
async fn with_cx<T>(dir: &Path, operation: impl AsyncFnOnce(&Cx<'_>) -> T) -> (T, Vec<String>) {
    let (journal, said) = (MemoryJournal::default(), Mutex::new(Vec::new()));
    let events = |event| {
        if let Event::Said { line } = event {
            said.lock().unwrap().push(line);
        }
    };
    let mut cx = Cx::new("id", "m", &journal, &NoTime, &events);
    (cx.dir, cx.store) = (dir, Path::new("/store"));
    let answer = operation(&cx).await;
    (answer, said.into_inner().unwrap())
}

async fn prepare(provider: &dyn Provider, given: &[(&str, OptionValue)]) -> Result<Prepared> {
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let options = Options::new(&provider.options().await?, given)?;
    with_cx(Path::new("."), async |cx| provider.prepare(cx, &options).await).await.0
}

async fn status(provider: &dyn Provider, state: &State) -> Result<Status> {
    provider.statuses(&[state]).await.pop().unwrap()
}

/// A journal that names a resource is not for a provider to forget that makes none.
async fn reports_what_it_never_made(provider: &dyn Provider) {
    let journal = MemoryJournal::default();
    let cx = Cx::new("id", "m", &journal, &NoTime, &|_| {});
    provider.remove(&cx, &mut State::default()).await.unwrap();
    for record in Record::adopted("instance", Intent::new("instance", ""), "i-1") {
        journal.append(record).await.unwrap();
    }
    let error = provider.remove(&cx, &mut State::default()).await.unwrap_err();
    assert_eq!(
        (error.kind(), &error.leftovers()[0].ids[..]),
        (ErrorKind::Stuck, &["i-1".into()][..])
    );
}

fn text(text: &str) -> OptionValue {
    OptionValue::Text(text.to_owned())
}

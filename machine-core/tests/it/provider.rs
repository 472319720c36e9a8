use async_trait::async_trait;
use machine_core::{
    Capabilities, Cx, ErrorKind, Found, Intent, Journal, MemoryJournal, OptionSpec, Options,
    Prepared, Provider, Record, Result, State, StateSink, Status, resources,
};
use std::sync::Mutex;

use super::step::cx;

/// No more than what is required.
struct Bare;

#[async_trait]
impl Provider for Bare {
    fn name(&self) -> &str {
        "bare"
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    async fn options(&self) -> Result<Vec<OptionSpec>> {
        Ok(Vec::new())
    }
    async fn prepare(&self, _: &Cx<'_>, _: &Options) -> Result<Prepared> {
        Ok(Prepared::new(State::default()))
    }
    async fn create(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Ok(())
    }
    async fn remove(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Ok(())
    }
    fn adopt(&self, _: &State) -> Result<Vec<Record>> {
        Ok(Vec::new())
    }
    async fn statuses(&self, _: &[&State]) -> Vec<Result<Status>> {
        Vec::new()
    }
}

/// The same, but it can be stopped and started.
struct Switch(Mutex<Vec<&'static str>>);

#[async_trait]
impl Provider for Switch {
    fn name(&self) -> &str {
        "switch"
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    async fn options(&self) -> Result<Vec<OptionSpec>> {
        Bare.options().await
    }
    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        Bare.prepare(cx, options).await
    }
    async fn create(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Ok(())
    }
    async fn remove(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Ok(())
    }
    fn adopt(&self, state: &State) -> Result<Vec<Record>> {
        Bare.adopt(state)
    }
    async fn start(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        self.0.lock().unwrap().push("start");
        Ok(())
    }
    async fn stop(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        self.0.lock().unwrap().push("stop");
        Ok(())
    }
    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        Bare.statuses(machines).await
    }
}

#[tokio::test]
async fn what_a_provider_leaves_out_is_unsupported() {
    let (journal, mut state) = (MemoryJournal::default(), State::default());
    let cx = cx(&journal);
    let mut bare: Box<dyn Provider> = Box::new(Bare);
    bare.sign_in(&Options::none(), Some("profile=dev")).await.unwrap();
    bare.check(&cx, &mut state).await.unwrap();
    for (done, method) in [
        (bare.start(&cx, &mut state).await, "start"),
        (bare.stop(&cx, &mut state).await, "stop"),
        (bare.kill(&cx, &mut state).await, "stop"),
        (bare.restart(&cx, &mut state).await, "stop"),
        (bare.find_tagged("", "").await.map(|_| ()), "find_tagged"),
    ] {
        let error = done.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.to_string(), format!("bare driver does not support {method}"));
    }
    assert_eq!(bare.batch_key(&state), None);
}

#[tokio::test]
async fn a_restart_is_a_stop_and_a_start() {
    let (journal, mut state) = (MemoryJournal::default(), State::default());
    let switch = Switch(Mutex::default());
    switch.restart(&cx(&journal), &mut state).await.unwrap();
    switch.kill(&cx(&journal), &mut state).await.unwrap();
    assert_eq!(*switch.0.lock().unwrap(), ["stop", "start", "stop"]);
}

#[test]
fn a_source_is_kept_beside_the_state() {
    let prepared = Prepared::new(State::default());
    assert_eq!(prepared.source, None);
    assert_eq!(prepared.with_source("profile=dev").source.as_deref(), Some("profile=dev"));
}

#[test]
fn what_is_found_can_be_removed_like_the_rest() {
    let intent = Intent::new("vm", "eu").with_name("n").with_choice("eu-1").with_shared();
    let found = Found::new(Some("id".into()), "instance", intent, "i-1");
    let [resource] = &resources(&found.records())[..] else { panic!() };
    let intent = &resource.intent;
    assert_eq!((intent.key.as_str(), resource.ids[0].as_str()), ("instance/i-1", "i-1"));
    let texts = (intent.kind.as_str(), intent.scope.as_str(), intent.shared);
    assert_eq!(texts, ("vm", "eu", true));
    assert_eq!((intent.name.as_deref(), intent.choice.as_deref()), (Some("n"), Some("eu-1")));
}

#[tokio::test]
async fn a_state_is_saved_where_there_is_a_place_for_it() {
    #[derive(Default)]
    struct Sink(Mutex<Vec<String>>);
    #[async_trait]
    impl StateSink for Sink {
        async fn save(&self, state: &State) -> Result<()> {
            self.0.lock().unwrap().push(state.as_json().to_owned());
            Ok(())
        }
    }
    let (journal, sink) = (MemoryJournal::default(), Sink::default());
    let mut cx = cx(&journal);
    let state = State::from_json(r#"{"Port":1}"#).unwrap();
    cx.save(&state).await.unwrap(); // to nowhere
    cx.states = Some(&sink);
    cx.save(&state).await.unwrap();
    assert_eq!(*sink.0.lock().unwrap(), [r#"{"Port":1}"#]);
    assert!(journal.records().await.unwrap().is_empty());
}

use crate::client::fields::Fields;
use crate::client::listener::Listener;
use crate::client::method::Method;
use crate::client::plugin::Plugin;
use crate::client::session::Session;
use crate::client::status::{may_exist, says_missing};
use async_trait::async_trait;
use machine_core::{Cx, Error, ErrorKind, Intent, Result, State, Step};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Name of the only step, which is stored.
pub(crate) const MACHINE: &str = "machine";
/// How often a plugin is asked what it made so far.
const LOOK: Duration = Duration::from_secs(1);

/// All that a driver makes, as one resource: what it is made of only the driver knows.
pub(crate) struct Machine {
    plugin: Arc<Plugin>,
    /// The driver's Remove succeeded in this operation.
    is_removed: AtomicBool,
}

impl Machine {
    pub(crate) fn new(plugin: Arc<Plugin>) -> Self {
        Self { plugin, is_removed: AtomicBool::new(false) }
    }

    /// The plugin that knows this machine's flags, or a new one.
    async fn session(&self, cx: &Cx<'_>, state: &State) -> Result<Session> {
        let listener = Listener::new(cx.name, cx.events);
        if let Some(mut session) = self.plugin.held.take(cx.id) {
            if session.is_usable() && session.update(state, listener).await.is_ok() {
                return Ok(session);
            }
            session.close(listener).await;
        }
        self.plugin.open(cx, state).await
    }
}

#[async_trait]
impl Step for Machine {
    fn name(&self) -> &str {
        MACHINE
    }

    async fn intent(&self, cx: &Cx<'_>, _: &State, attempt: usize) -> Result<Option<Intent>> {
        Ok((attempt == 0).then(|| Intent::new(MACHINE, "").with_name(cx.name)))
    }

    async fn make(&self, cx: &Cx<'_>, state: &mut State, _: &Intent) -> Result<String> {
        self.is_removed.store(false, Ordering::SeqCst);
        let nothing_yet = Error::with_no_effect;
        let mut session = self.session(cx, state).await.map_err(nothing_yet)?;
        // To tell later what the driver clears from what it never knew. Not all can answer.
        session.learn(state, Listener::new(cx.name, cx.events)).await.ok();
        if let Err(error) = cx.save(state).await {
            session.close(Listener::new(cx.name, cx.events)).await;
            return Err(error.with_no_effect());
        }
        session.begin_create();
        self.plugin.finish_create(cx, state, session).await?;
        Ok(cx.name.to_owned())
    }

    async fn find(&self, cx: &Cx<'_>, _: &State, _: &Intent) -> Result<Vec<String>> {
        // Only the driver's own Remove can tell, and settles it at once.
        Ok(vec![cx.name.to_owned()])
    }

    async fn unmake(&self, cx: &Cx<'_>, state: &mut State, _: &Intent, _: &str) -> Result<()> {
        // A create that was cut off has one machine under two keys: that of its intent, and that of
        // its settings. Told to remove it again, the driver would not know what.
        if self.is_removed.load(Ordering::SeqCst) {
            return Ok(());
        }
        // Asked without them, drivers find nothing to do, and say so: that is no proof.
        if state.read::<Fields>()?.is_empty() {
            let text = "its settings are lost, and only they tell the driver what to remove";
            return Err(Error::new(ErrorKind::Other, "", text));
        }
        let listener = Listener::new(cx.name, cx.events);
        let mut session = self.plugin.open(cx, state).await?;
        session.learn(state, listener).await.ok();
        let removed = session.run(Method::Remove, listener).await;
        if session.is_usable() {
            session.learn(state, listener).await.ok();
        }
        session.close(listener).await;
        let Err(error) = removed else {
            self.is_removed.store(true, Ordering::SeqCst);
            return Ok(());
        };
        // Half of it may be gone: the next attempt must not begin with what was before.
        if let Err(error) = cx.save(state).await {
            tracing::warn!("the driver's settings cannot be saved: {error}");
        }
        // A failed Remove is judged by looking. But a look sees the machine alone: where it is
        // gone and the driver complains of something else, a key or an address remains.
        let missing = error.kind() != ErrorKind::Indeterminate && says_missing(&error.to_string());
        let driver = &self.plugin.driver;
        if missing && !may_exist(driver, &self.plugin.limits, state, listener).await {
            return Ok(());
        }
        Err(error)
    }
}

impl Plugin {
    /// Waits for `Create`, and keeps what the driver knows durable meanwhile and at the end.
    ///
    /// Dropped, it leaves the plugin to come to its end; [`Plugin::settle`] picks it up.
    async fn finish_create(&self, cx: &Cx<'_>, state: &mut State, session: Session) -> Result<()> {
        let listener = Listener::new(cx.name, cx.events);
        let mut lease = self.held.lease(cx.id, session, self.limits.create);
        let mut saved = state.as_json().to_owned();
        let created = loop {
            let Some(session) = lease.session() else { return Ok(()) };
            let ended = session.creating(LOOK, state, listener).await;
            if ended.is_some() && session.is_usable() {
                session.learn(state, listener).await.ok();
            }
            // Outside of anything that could be cut off by the end of `Create`: a save that is
            // overtaken by the next would win.
            if saved != state.as_json() {
                match cx.save(state).await {
                    Ok(()) => saved = state.as_json().to_owned(),
                    Err(error) => tracing::warn!("the driver's settings cannot be saved: {error}"),
                }
            }
            if let Some(created) = ended {
                break created;
            }
        };
        if let Some(session) = lease.into_session() {
            session.close(listener).await;
        }
        created
    }

    /// Ends whatever an earlier operation of this process left running for the machine.
    pub(crate) async fn settle(&self, cx: &Cx<'_>, state: &mut State) {
        let Some(session) = self.held.take(cx.id) else { return };
        if session.is_creating() {
            // Its error was that of the operation which was dropped.
            self.finish_create(cx, state, session).await.ok();
        } else {
            session.close(Listener::new(cx.name, cx.events)).await;
        }
    }
}

use crate::client::listener::Listener;
use crate::client::session::Session;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// Plugins that wait for the next operation on their machine, by its id.
///
/// Drivers keep what flags and pre-create check said in memory alone, so `prepare`, `check` and
/// `create` must meet the same process. And one whose caller dropped `create` still has to finish.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<Mutex<HashMap<String, Entry>>>);

#[derive(Debug)]
struct Entry {
    session: Session,
    expiry: Option<AbortHandle>,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a plugin for at most `time`.
    pub(crate) fn put(&self, id: &str, session: Session, time: Duration) {
        let (held, key) = (Arc::downgrade(&self.0), id.to_owned());
        let expire = async move {
            tokio::time::sleep(time).await;
            let entry = held.upgrade().and_then(|held| Self(held).lock().remove(&key));
            if let Some(entry) = entry {
                entry.session.close(Listener::log_only(&key)).await;
            }
        };
        // Dropped outside a runtime, nothing is left that could expire.
        let runtime = Handle::try_current().ok();
        let expiry = runtime.map(|runtime| runtime.spawn(expire).abort_handle());
        self.lock().insert(id.to_owned(), Entry { session, expiry });
    }

    pub(crate) fn take(&self, id: &str) -> Option<Session> {
        let Entry { session, expiry } = self.lock().remove(id)?;
        if let Some(expiry) = expiry {
            expiry.abort();
        }
        Some(session)
    }

    /// Takes on a plugin whose `Create` must come to its end even when the caller goes away.
    pub(crate) fn lease<'a>(&'a self, id: &'a str, session: Session, time: Duration) -> Lease<'a> {
        Lease { held: self, id, time, session: Some(session) }
    }
}

/// A plugin in use. Dropped while it creates, it is held; otherwise it ends.
pub(crate) struct Lease<'a> {
    held: &'a Held,
    id: &'a str,
    time: Duration,
    session: Option<Session>,
}

impl Lease<'_> {
    pub(crate) fn session(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    pub(crate) fn into_session(mut self) -> Option<Session> {
        self.session.take()
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take().filter(Session::is_creating) {
            self.held.put(self.id, session, self.time);
        }
    }
}

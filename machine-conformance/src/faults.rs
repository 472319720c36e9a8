use crate::VirtualClock;
use crate::clock::yield_once;
use machine_core::{Clock, Error, ErrorKind, Result};
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

/// How long listings lag behind.
pub const LAG: Duration = Duration::from_secs(40);

/// How an armed call misbehaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Refused; nothing happened.
    Refused,
    /// It took effect, but the reply was lost.
    ReplyLost,
    /// It took effect, the reply was lost, and listings lag behind for [`LAG`].
    ReplyLostAndLagging,
    /// The process died just after it took effect, and listings lag: nothing more runs.
    Died,
}

/// A call to the service, as the faults tell them apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Call<'a> {
    /// Makes or changes something.
    Change,
    /// Deletes this id.
    Delete(&'a str),
    /// Looks something up by id: always up to date.
    Read,
    /// Lists by filter, name or tag: may lag behind.
    List,
}

/// What a service, or a proxy before one, has to do with a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Carry it out and answer.
    Pass,
    /// Refuse it, and carry nothing out.
    Refuse,
    /// Carry it out and lose the reply: for a proxy, close the connection.
    LoseReply,
    /// Carry it out, call [`Faults::die`], and never answer.
    Die,
    /// Answer as if a deletion had been accepted, and carry nothing out.
    Stall,
    /// Answer with an empty list.
    Blind,
}

#[derive(Debug, Default)]
struct Inner {
    plan: Vec<(usize, Fault)>,
    seen: usize,
    stuck: Option<String>,
    stalled: Option<String>,
    dead: bool,
    waker: Option<Waker>,
    blind_until: Duration,
}

/// Counts the calls to a simulated service and spoils some.
///
/// A simulator in the same process wraps its calls in [`Faults::call`], [`Faults::delete`],
/// [`Faults::read`] and [`Faults::list`]; a proxy before another one asks for a [`Verdict`].
#[derive(Clone, Debug, Default)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
    clock: VirtualClock,
}

impl Faults {
    /// The clock that the lag is measured with.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Spoils calls by number, counted from now and from 0.
    pub fn arm(&self, plan: &[(usize, Fault)]) {
        let mut inner = self.inner();
        (inner.plan, inner.seen) = (plan.to_vec(), 0);
    }

    /// Refuses every deletion of `id`, or of anything when `id` is `*`.
    pub fn stick(&self, id: &str) {
        self.inner().stuck = Some(id.to_owned());
    }

    /// Accepts every deletion of `id`, and carries none out.
    pub fn stall(&self, id: &str) {
        self.inner().stalled = Some(id.to_owned());
    }

    /// A new process: nothing armed or stuck, not dead. The service's lag stays, as it would.
    pub fn restart(&self) {
        let mut inner = self.inner();
        let blind_until = inner.blind_until;
        *inner = Inner { blind_until, ..Inner::default() };
    }

    /// Lets listings lag from now on for [`LAG`].
    pub fn lag(&self) {
        self.inner().blind_until = self.clock.now() + LAG;
    }

    /// How many calls were seen since [`Faults::arm`].
    pub fn seen(&self) -> usize {
        self.inner().seen
    }

    /// Counts a call and says what to do with it.
    pub fn verdict(&self, call: Call<'_>) -> Verdict {
        let now = self.clock.now();
        let mut inner = self.inner();
        if let Call::Delete(id) = call {
            let is = |named: &Option<String>| named.as_deref().is_some_and(|n| n == id || n == "*");
            if is(&inner.stuck) {
                return Verdict::Refuse;
            }
            if is(&inner.stalled) {
                return Verdict::Stall;
            }
        }
        let here = inner.seen;
        inner.seen += 1;
        let armed = inner.plan.iter().find(|(nth, _)| *nth == here).map(|(_, fault)| *fault);
        if matches!(armed, Some(Fault::ReplyLostAndLagging | Fault::Died)) {
            inner.blind_until = now + LAG;
        }
        match armed {
            Some(Fault::Refused) => Verdict::Refuse,
            Some(Fault::ReplyLost | Fault::ReplyLostAndLagging) => Verdict::LoseReply,
            Some(Fault::Died) => Verdict::Die,
            None if call == Call::List && now < inner.blind_until => Verdict::Blind,
            None => Verdict::Pass,
        }
    }

    /// Ends the pretended process, at once and for good.
    pub fn die(&self) {
        let waker = {
            let mut inner = self.inner();
            inner.dead = true;
            inner.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Wraps one call that makes or changes something.
    ///
    /// # Errors
    /// Its own, or the armed fault.
    pub async fn call<T>(&self, effect: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        self.wrap(Call::Change, effect, None).await
    }

    /// Wraps one deletion.
    ///
    /// # Errors
    /// As [`Faults::call`], and when `id` is stuck.
    pub async fn delete(&self, id: &str, effect: impl FnOnce() -> Result<()> + Send) -> Result<()> {
        self.wrap(Call::Delete(id), effect, Some(())).await
    }

    /// Wraps one look-up by id, which never lags.
    ///
    /// # Errors
    /// Its own, or the armed fault.
    pub async fn read<T>(&self, effect: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        self.wrap(Call::Read, effect, None).await
    }

    /// Wraps one listing; answers empty while listings lag.
    ///
    /// # Errors
    /// The armed fault.
    pub async fn list<T>(&self, items: impl FnOnce() -> Vec<T> + Send) -> Result<Vec<T>> {
        self.wrap(Call::List, || Ok(items()), Some(Vec::new())).await
    }

    /// `nothing`: the answer that stands for a call not carried out.
    async fn wrap<T>(
        &self,
        call: Call<'_>,
        effect: impl FnOnce() -> Result<T> + Send,
        nothing: Option<T>,
    ) -> Result<T> {
        yield_once().await;
        match self.verdict(call) {
            Verdict::Pass => {
                let reply = effect();
                yield_once().await; // dropped here, the effect stays and nobody knows
                reply
            }
            Verdict::Refuse => Err(match call {
                Call::Change => Error::new(ErrorKind::Quota, "faults", "refused"),
                Call::Delete(_) => Error::new(ErrorKind::Permission, "faults", "deletion refused"),
                Call::Read | Call::List => Error::new(ErrorKind::Transient, "faults", "no answer"),
            }),
            Verdict::LoseReply => {
                effect().ok(); // an error is a reply too, and can be lost
                Err(Error::new(ErrorKind::Indeterminate, "faults", "reply lost"))
            }
            Verdict::Die => {
                effect().ok();
                self.die();
                pending().await
            }
            Verdict::Stall | Verdict::Blind => nothing.map_or_else(effect, Ok),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a pretended process; `None` when it died, at the very call.
    pub(crate) async fn until_dead<F: Future>(&self, process: F) -> Option<F::Output> {
        let mut process = pin!(process);
        poll_fn(|cx| {
            self.inner().waker = Some(cx.waker().clone());
            let polled = process.as_mut().poll(cx);
            if self.inner().dead {
                return Poll::Ready(None);
            }
            polled.map(Some)
        })
        .await
    }
}

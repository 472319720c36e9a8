use crate::client::{ApiError, Ec2, Reply};
use crate::link::Link;
use machine_core::{Clock, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tracing::debug;

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Reply<T>> + Send + 'a>>;

/// First pause before a repeat, doubled each time.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// A refusal for too many calls passes by itself: more patience than for the rest.
pub(crate) const THROTTLED_REPEATS: u32 = 8;
/// A look that somebody waits for ends within the host's 10 s, with the reason why it failed.
const HURRIED_REPEATS: u32 = 3;
const HURRIED_THROTTLED_REPEATS: u32 = 4;

/// The calls of one operation: in turn, and repeated where that may help.
///
/// Every call may be repeated, since each carries a token or a name, or changes nothing by being
/// said twice.
#[derive(Clone)]
pub(crate) struct Session<'a> {
    pub(crate) link: Arc<Link>,
    pub(crate) clock: &'a dyn Clock,
    /// Repeats after a passing fault.
    pub(crate) repeats: u32,
    /// Repeats after a refusal for too many calls.
    pub(crate) throttled_repeats: u32,
    /// What to do where there are no credentials.
    pub(crate) advice: Arc<str>,
}

impl Session<'_> {
    /// The same for somebody who waits and will ask again.
    pub(crate) fn hurried(mut self) -> Self {
        self.repeats = self.repeats.min(HURRIED_REPEATS);
        self.throttled_repeats = HURRIED_THROTTLED_REPEATS;
        self
    }

    pub(crate) async fn call<'c, T>(
        &'c self,
        call: impl Fn(&'c dyn Ec2) -> Answer<'c, T>,
    ) -> Reply<T> {
        let (mut may_have_worked, mut repeat) = (false, 0);
        loop {
            self.link.limiter.admit(self.clock).await;
            let mut error = match call(self.link.ec2.as_ref()).await {
                Ok(reply) => {
                    self.link.limiter.let_through();
                    return Ok(reply);
                }
                Err(error) => error,
            };
            debug!(
                operation = error.operation,
                code = error.code(),
                request_id = error.request_id(),
                repeat,
                "{error}"
            );
            let pause = self.pause(&error, repeat);
            if error.kind == ErrorKind::RateLimited
                && let Some(pause) = pause
            {
                self.link.limiter.told_off(self.clock.now(), pause);
            }
            may_have_worked |= !error.refused;
            // What an earlier try may have made is not undone by a later refusal.
            error.refused &= !may_have_worked;
            match pause {
                Some(pause) => self.clock.sleep(pause).await,
                None if error.is_unsigned() => return Err(error.with_advice(&self.advice)),
                None => return Err(error),
            }
            repeat += 1;
        }
    }

    /// How long to wait before a repeat; none where it would not help.
    fn pause(&self, error: &ApiError, repeat: u32) -> Option<Duration> {
        let most = match error.kind {
            ErrorKind::RateLimited => self.repeats.max(self.throttled_repeats),
            ErrorKind::Transient | ErrorKind::Indeterminate => self.repeats,
            _ => 0,
        };
        if repeat >= most {
            return None;
        }
        let pause = PAUSE.saturating_mul(2_u32.saturating_pow(repeat)).min(LONGEST_PAUSE);
        Some(jittered(pause).max(error.retry_after.unwrap_or_default().min(LONGEST_PAUSE)))
    }
}

/// Between half and the whole: many that failed together do not come back together.
pub(crate) fn jittered(time: Duration) -> Duration {
    time.mul_f64(0.5 + 0.5 * fastrand::f64())
}

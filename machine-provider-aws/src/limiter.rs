use machine_core::Clock;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Calls that may go out at once. EC2 lets 100 reads, 50 writes and 5 launches burst, and refills
/// 2 to 20 a second (AWS, "Request throttling for the Amazon EC2 API"); what is too much for a call
/// is learned from its refusal.
const BURST: f64 = 50.0;
/// Calls a second after that.
const RATE: f64 = 20.0;
/// However often we are told off.
const LEAST_RATE: f64 = 1.0;
/// What a call that was let through earns back of a lowered rate.
const RECOVERY: f64 = 1.1;
/// A pause is never longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// One for all calls to a region of an account: a refusal of one slows all.
#[derive(Debug)]
pub(crate) struct Limiter(Mutex<Bucket>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    rate: f64,
    seen: Duration,
    /// When we were told off last, and how long nobody calls from then on.
    told_off: Duration,
    pause: Duration,
}

impl Default for Limiter {
    fn default() -> Self {
        let none = Duration::ZERO;
        let bucket = Bucket { tokens: BURST, rate: RATE, seen: none, told_off: none, pause: none };
        Self(Mutex::new(bucket))
    }
}

impl Limiter {
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its turn.
    pub(crate) async fn admit(&self, clock: &dyn Clock) {
        loop {
            let wait = self.bucket().take(clock.now());
            match wait {
                None => return,
                // Rounded up: a clock that counts milliseconds never gets there by fractions of one.
                Some(wait) => clock.sleep(wait + Duration::from_millis(1)).await,
            }
        }
    }

    /// The service said that it is too much: nobody calls for `pause`, and then more slowly.
    pub(crate) fn told_off(&self, now: Duration, pause: Duration) {
        let mut bucket = self.bucket();
        bucket.rate = (bucket.rate / 2.0).max(LEAST_RATE);
        bucket.tokens = bucket.tokens.min(1.0);
        (bucket.told_off, bucket.pause) = (now, pause.min(LONGEST_PAUSE));
        bucket.seen = now + bucket.pause; // nothing is earned meanwhile
    }

    pub(crate) fn let_through(&self) {
        let mut bucket = self.bucket();
        bucket.rate = (bucket.rate * RECOVERY).min(RATE);
    }
}

impl Bucket {
    fn take(&mut self, now: Duration) -> Option<Duration> {
        // Callers may bring different clocks; none of them goes back, so a jump is a change of clock.
        // One that began later waits as long as the others do, not until it has caught up with them.
        self.told_off = self.told_off.min(now);
        let closed = (self.told_off + self.pause).saturating_sub(now);
        if !closed.is_zero() {
            return Some(closed);
        }
        let passed = now.saturating_sub(self.seen).as_secs_f64();
        self.seen = now;
        self.tokens = (self.tokens + passed * self.rate).min(BURST);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64((1.0 - self.tokens) / self.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::{BURST, Bucket, Limiter};
    use std::time::Duration;

    fn takes(bucket: &mut Bucket, now: Duration) -> usize {
        std::iter::from_fn(|| bucket.take(now).is_none().then_some(())).count()
    }

    #[test]
    fn a_burst_then_a_rate() {
        let limiter = Limiter::default();
        let mut bucket = limiter.bucket();
        assert_eq!(takes(&mut bucket, Duration::from_secs(5)), BURST as usize);
        assert_eq!(takes(&mut bucket, Duration::from_secs(6)), 20);
        let wait = bucket.take(Duration::from_secs(6)).unwrap();
        assert_eq!(wait, Duration::from_millis(50));
    }

    #[test]
    fn a_refusal_closes_for_all_and_slows() {
        let limiter = Limiter::default();
        let second = Duration::from_secs(1);
        limiter.told_off(second, 3 * second);
        assert_eq!(limiter.bucket().take(2 * second), Some(2 * second));
        let mut bucket = limiter.bucket();
        assert_eq!(takes(&mut bucket, 4 * second), 1);
        assert_eq!(takes(&mut bucket, 5 * second), 10, "half the rate");
    }

    #[test]
    fn another_clock_does_not_stop_the_world() {
        let second = Duration::from_secs(1);
        for told_off in [40, 100_000] {
            let limiter = Limiter::default();
            limiter.told_off(told_off * second, 30 * second);
            assert_eq!(limiter.bucket().take(second), Some(30 * second));
            assert_eq!(limiter.bucket().take(31 * second), None);
        }
    }
}

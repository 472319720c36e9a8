use async_trait::async_trait;
use machine_core::Clock;
use std::time::{Duration, Instant};

/// The computer's own clock; sleeping needs a tokio runtime with time.
#[derive(Clone, Copy, Debug)]
pub struct RealClock {
    start: Instant,
    scale: f64,
}

impl RealClock {
    /// A clock whose second takes `scale` seconds: below 1 all waits are shorter, and all limits of
    /// waits are reached sooner. For tests against services that are as fast; must be more than 0.
    pub fn scaled(scale: f64) -> Self {
        Self { start: Instant::now(), scale: scale.clamp(1e-6, 1e6) }
    }
}

impl Default for RealClock {
    fn default() -> Self {
        Self::scaled(1.0)
    }
}

#[async_trait]
impl Clock for RealClock {
    fn now(&self) -> Duration {
        self.start.elapsed().div_f64(self.scale)
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time.mul_f64(self.scale)).await;
    }
}

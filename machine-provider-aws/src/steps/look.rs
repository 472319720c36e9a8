use crate::client::{Instance, InstanceState};
use crate::error::Failure;
use crate::session::{Session, jittered};
use machine_core::{Clock, Result};
use std::time::Duration;

/// How long listings may be behind. EC2 promises nothing; seconds are usual (AWS, "Eventual
/// consistency in the Amazon EC2 API", which advises to wait up to minutes with back-off).
pub(crate) const LAG: Duration = Duration::from_secs(60);

const FIRST_PAUSE: Duration = Duration::from_millis(1000);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Whether an id in the journal is an instance's, rather than a spot request's.
pub(crate) fn is_instance_id(id: &str) -> bool {
    id.starts_with("i-")
}

/// Rounds of a poll: farther and farther apart, and never in step with others'.
pub(crate) struct Rounds<'a> {
    clock: &'a dyn Clock,
    end: Duration,
    pause: Option<Duration>,
}

impl<'a> Rounds<'a> {
    pub(crate) fn within(clock: &'a dyn Clock, limit: Duration) -> Self {
        Self { clock, end: clock.now() + limit, pause: None }
    }

    /// Until a listing has caught up: what its last round does not show is not there.
    pub(crate) fn of_lag(clock: &'a dyn Clock) -> Self {
        Self::within(clock, LAG)
    }

    /// Begins a round, after a pause, and says whether it is the last.
    pub(crate) async fn last(&mut self) -> bool {
        if let Some(pause) = self.pause {
            self.clock.sleep(jittered(pause)).await;
        }
        self.pause = Some(self.pause.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE)));
        self.over()
    }

    /// Whether the time is up: to be asked before a look, which takes time too.
    pub(crate) fn over(&self) -> bool {
        self.clock.now() >= self.end
    }
}

/// Polls one instance, together with all others that are polled just now, until it is `wanted`.
///
/// # Errors
/// [`machine_core::ErrorKind::NotFound`] when it ended instead, or is not there.
pub(crate) async fn wait_for(
    session: &Session<'_>,
    id: &str,
    wanted: impl Fn(InstanceState) -> bool,
    limit: Duration,
) -> Result<Instance> {
    let sightings = &session.link.sightings;
    let mut rounds = Rounds::within(session.clock, limit);
    let mut unseen = Rounds::of_lag(session.clock);
    loop {
        let (is_last, is_absent) = (rounds.last().await, unseen.over());
        let state = match sightings.look(session, id).await? {
            Some(instance) if wanted(instance.state) => return Ok(instance),
            Some(Instance { state: InstanceState::Terminated, reason, .. }) => {
                return Err(Failure::Gone { id: id.to_owned(), reason }.into());
            }
            Some(instance) => {
                unseen = Rounds::of_lag(session.clock);
                Some(instance.state)
            }
            None if is_absent => {
                return Err(Failure::Gone { id: id.to_owned(), reason: String::new() }.into());
            }
            None => None,
        };
        if is_last {
            let state = state.map_or_else(|| "unseen".to_owned(), |state| state.to_string());
            return Err(Failure::Slow { id: id.to_owned(), state, seconds: limit.as_secs() }.into());
        }
    }
}

use crate::client::{Instance, Reply};
use crate::session::Session;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::Mutex as Turn;

/// Values that a filter takes (AWS, "Filter" of the EC2 API).
pub(crate) const FILTER_LIMIT: usize = 200;

type Seen = Reply<Option<Instance>>;

/// What one waiter asks, and the answer once there is one.
struct Question {
    id: String,
    answer: Mutex<Option<Seen>>,
}

impl Question {
    fn is_open(&self) -> bool {
        lock(&self.answer).is_none()
    }
}

/// Looks at instances for many waiters: whoever waits while a call is under way shares the next.
#[derive(Default)]
pub(crate) struct Sightings {
    /// A waiter that was dropped asks no more.
    questions: Mutex<Vec<Weak<Question>>>,
    turn: Turn<()>,
}

impl Sightings {
    /// The instance as it is now; none where the service does not show it.
    pub(crate) async fn look(&self, session: &Session<'_>, id: &str) -> Seen {
        let ours = Arc::new(Question { id: id.to_owned(), answer: Mutex::default() });
        lock(&self.questions).push(Arc::downgrade(&ours));
        let _turn = self.turn.lock().await;
        if let Some(answer) = lock(&ours.answer).take() {
            return answer; // of a call that began after we asked
        }
        let open: Vec<_> = lock(&self.questions)
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|q| q.is_open() && !Arc::ptr_eq(q, &ours))
            .take(FILTER_LIMIT - 1)
            .collect();
        let ids: BTreeSet<_> = open.iter().chain([&ours]).map(|q| q.id.clone()).collect();
        let filter = [("instance-id", ids.into_iter().collect())];
        // Should this future be dropped here, the others find no answer and ask for themselves.
        let found = session.call(|ec2| ec2.instances(&filter)).await;
        let answer = |id: &str| match &found {
            Ok(found) => Ok(found.iter().find(|instance| instance.id == id).cloned()),
            Err(error) => Err(error.clone()),
        };
        for question in &open {
            *lock(&question.answer) = Some(answer(&question.id));
        }
        *lock(&ours.answer) = Some(answer(id));
        lock(&self.questions).retain(|q| q.upgrade().is_some_and(|q| q.is_open()));
        answer(id)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

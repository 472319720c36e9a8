use crate::client::Reply;
use machine_core::Clock;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a look-up stays true enough to launch by.
const FRESH: Duration = Duration::from_secs(600);

/// Look-ups that many machines of one command share: each is made once, and the others wait for it.
#[derive(Debug)]
pub(crate) struct Memo<K, V>(Mutex<BTreeMap<K, (Duration, V)>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<K: Clone + Ord, V: Clone> Memo<K, V> {
    /// A failure is not remembered.
    pub(crate) async fn get(
        &self,
        clock: &dyn Clock,
        key: &K,
        fetch: impl Future<Output = Reply<V>>,
    ) -> Reply<V> {
        let mut known = self.0.lock().await;
        let now = clock.now();
        if let Some((at, value)) = known.get(key)
            && now.checked_sub(*at).is_some_and(|age| age < FRESH)
        {
            return Ok(value.clone());
        }
        let value = fetch.await?;
        known.insert(key.clone(), (now, value.clone()));
        Ok(value)
    }
}

use std::future::pending;
use tokio::sync::watch;

/// Tells operations that their user wants them to end, as Ctrl-C does.
#[derive(Clone, Debug)]
pub struct Interrupt(Option<watch::Receiver<bool>>);

/// The other end of an [`Interrupt`].
#[derive(Debug)]
pub struct Interrupter(watch::Sender<bool>);

impl Interrupt {
    /// One that never comes.
    pub fn never() -> Self {
        Self(None)
    }

    /// One that comes when its other end says so.
    pub fn channel() -> (Interrupter, Self) {
        let (sender, receiver) = watch::channel(false);
        (Interrupter(sender), Self(Some(receiver)))
    }

    /// Returns once it came; for ever pending when it cannot come any more.
    pub(crate) async fn wait(&self) {
        if let Some(receiver) = &self.0
            && receiver.clone().wait_for(|came| *came).await.is_ok()
        {
            return;
        }
        pending().await
    }

    /// Runs `work` unless and until the interrupt comes: then it is dropped, and there is nothing.
    pub(crate) async fn unless<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.wait() => None,
        }
    }
}

impl Interrupter {
    /// Interrupts; again does nothing.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }
}

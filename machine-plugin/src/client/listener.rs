use crate::client::output::{Line, Output};
use machine_core::{Event, EventSink};
use std::convert::Infallible;
use std::pin::pin;

/// Where a plugin's lines go during one operation.
#[derive(Clone, Copy)]
pub(crate) struct Listener<'a> {
    /// Put before each line in the log, as in Docker Machine.
    machine: &'a str,
    events: Option<&'a dyn EventSink>,
}

impl<'a> Listener<'a> {
    pub(crate) fn new(machine: &'a str, events: &'a dyn EventSink) -> Self {
        Self { machine, events: Some(events) }
    }

    /// For operations that report nothing: lines go to the log alone.
    pub(crate) fn log_only(machine: &'a str) -> Self {
        Self { machine, events: None }
    }

    fn tell(&self, line: Line) {
        let machine = self.machine;
        let said = |line: String| match self.events {
            Some(events) => events.emit(Event::Said { line }),
            None => tracing::info!("({machine}) {line}"),
        };
        match line {
            Line::Out(text) => said(text),
            Line::Lost(count) => said(format!("[{count} lines left out]")),
            Line::Err(text) => tracing::debug!("({machine}) DBG | {text}"),
        }
    }

    /// Passes on what has come.
    pub(crate) fn catch_up(&self, output: &Output) {
        while let Some(line) = output.try_next() {
            self.tell(line);
        }
    }

    /// Passes on lines as they come, until both pipes have ended.
    pub(crate) async fn drain(&self, output: &Output) {
        while let Some(line) = output.next().await {
            self.tell(line);
        }
    }

    /// Passes on lines as they come, until `work` is done.
    pub(crate) async fn during<T>(&self, output: &Output, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut relay = pin!(async {
            self.drain(output).await;
            std::future::pending::<Infallible>().await
        });
        let done = tokio::select! {
            biased;
            done = &mut work => done,
            never = &mut relay => match never {},
        };
        self.catch_up(output);
        done
    }
}

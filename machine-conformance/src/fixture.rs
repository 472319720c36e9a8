use crate::Faults;
use async_trait::async_trait;
use machine_core::{Clock, OptionValue, Provider};
use std::collections::BTreeMap;

/// Store id of every machine in the suite.
pub const STORE: &str = "conformance-store";

/// One isolated account to test against.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// A fresh provider over the account, as a new process would have.
    fn provider(&self) -> Box<dyn Provider>;

    /// Option values of a typical machine; a secret one of 8 characters or more, where there is any.
    fn options(&self) -> Vec<(String, OptionValue)>;

    /// Option values of a machine whose credentials come from where the provider finds them by
    /// itself (a profile, the environment), so that no secret is among them. Default: none such.
    fn options_without_secrets(&self) -> Option<Vec<(String, OptionValue)>> {
        None
    }

    /// Everything still in the account, however it was made; that includes what is going but not
    /// gone, unless it holds nothing and costs nothing.
    async fn resources(&self) -> Vec<String>;

    /// Fault points of the account; those of a fixture that makes nothing are never asked.
    fn faults(&self) -> Faults;

    /// The clock. Default: that of the faults.
    fn clock(&self) -> Box<dyn Clock> {
        Box::new(self.faults().clock().clone())
    }

    /// Where `find_tagged` has to look.
    fn scopes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The `resources` that a leftover's id stands for. Default: the id itself.
    fn expand(&self, id: &str) -> Vec<String> {
        vec![id.to_owned()]
    }

    /// The provider makes and deletes nothing: its hosts are there before and stay. Most cases have
    /// nothing to say then, and show as ignored. Default: it does make.
    fn makes_nothing(&self) -> bool {
        false
    }

    /// How those `resources` begin whose deletion the service accepts and carries out later.
    /// Default: it deletes at once.
    fn deletes_later(&self) -> &[&str] {
        &[]
    }

    /// Makes what machines share, as another program would: the tags are its only ones. Default:
    /// nothing is shared, or it cannot be made; false says so.
    async fn make_shared(&self, tags: &BTreeMap<String, String>) -> bool {
        let _ = tags;
        false
    }

    /// Deletes again what [`Fixture::make_shared`] made.
    async fn clear_shared(&self) {}

    /// Only every so many-th point of the longest loops is tested. For services over a wire, where
    /// each point takes its time. Default: all of them.
    fn stride(&self) -> usize {
        1
    }
}

use super::account::{MemoryAccount, SECRET_KEY};
use super::provider::MemoryProvider;
use crate::{Faults, Fixture};
use async_trait::async_trait;
use machine_core::{OptionValue, Provider};
use std::collections::BTreeMap;

/// A fresh account, for the suite.
#[derive(Debug, Default)]
pub struct MemoryFixture {
    account: MemoryAccount,
}

impl MemoryFixture {
    /// Nothing is in the account yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The account.
    pub fn account(&self) -> &MemoryAccount {
        &self.account
    }
}

fn given(credentials: &str, value: &str) -> Vec<(String, OptionValue)> {
    let zones = ["full", "a", "b"].map(str::to_owned).to_vec();
    vec![
        (credentials.to_owned(), OptionValue::Text(value.to_owned())),
        ("memory-zones".to_owned(), OptionValue::List(zones)),
        ("memory-size".to_owned(), OptionValue::Int(2)),
        ("memory-private".to_owned(), OptionValue::Switch(true)),
    ]
}

#[async_trait]
impl Fixture for MemoryFixture {
    fn provider(&self) -> Box<dyn Provider> {
        Box::new(MemoryProvider::new(self.account.clone()))
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        given("memory-secret-key", SECRET_KEY)
    }

    fn options_without_secrets(&self) -> Option<Vec<(String, OptionValue)>> {
        Some(given("memory-profile", "dev"))
    }

    async fn resources(&self) -> Vec<String> {
        self.account.ids()
    }

    fn faults(&self) -> Faults {
        self.account.faults().clone()
    }

    fn scopes(&self) -> Vec<String> {
        vec!["here".to_owned()]
    }

    fn deletes_later(&self) -> &[&str] {
        &["instance-"]
    }

    async fn make_shared(&self, tags: &BTreeMap<String, String>) -> bool {
        self.account.make_group("docker-machine", tags.clone());
        true
    }

    async fn clear_shared(&self) {
        for id in self.account.ids().iter().filter(|id| id.starts_with("group-")) {
            self.account.delete(id);
        }
    }
}

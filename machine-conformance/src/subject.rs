use crate::Fixture;
use machine_core::{Capabilities, Result};
use std::collections::BTreeMap;

/// What a case asks of provider and fixture.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Need {
    Makes,
    MakesNothing,
    StartStop,
    NoStartStop,
    FindTagged,
    Secret,
    WithoutSecrets,
    SlowDeletion,
    Shared,
}

impl Need {
    /// Why a case is ignored that needs this.
    pub(crate) fn lacking(self) -> &'static str {
        match self {
            Self::Makes => "makes nothing",
            Self::MakesNothing => "makes something",
            Self::StartStop => "cannot stop",
            Self::NoStartStop => "can stop",
            Self::FindTagged => "cannot find by tag",
            Self::Secret => "takes no secret",
            Self::WithoutSecrets => "no credentials but options",
            Self::SlowDeletion => "deletes at once",
            Self::Shared => "shares nothing",
        }
    }
}

/// What there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    able: Capabilities,
    makes: bool,
    secret: bool,
    without_secrets: bool,
    slow_deletion: bool,
    shared: bool,
}

impl Subject {
    /// Looks at a fixture that is thrown away afterwards.
    pub(crate) async fn of(fixture: &dyn Fixture) -> Result<Self> {
        let provider = fixture.provider();
        Ok(Self {
            able: provider.capabilities(),
            makes: !fixture.makes_nothing(),
            secret: provider.options().await?.iter().any(|spec| spec.secret),
            without_secrets: fixture.options_without_secrets().is_some(),
            slow_deletion: !fixture.deletes_later().is_empty(),
            shared: fixture.make_shared(&BTreeMap::new()).await,
        })
    }

    pub(crate) fn has(&self, need: Need) -> bool {
        match need {
            Need::Makes => self.makes,
            Need::MakesNothing => !self.makes,
            Need::StartStop => self.able.start_stop,
            Need::NoStartStop => !self.able.start_stop,
            Need::FindTagged => self.able.find_tagged,
            Need::Secret => self.secret,
            Need::WithoutSecrets => self.without_secrets,
            Need::SlowDeletion => self.slow_deletion,
            Need::Shared => self.shared,
        }
    }
}

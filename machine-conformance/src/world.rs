use crate::Fixture;
use crate::machine::Machine;
use libtest_mimic::Failed;
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

/// Every loop over calls or awaits ends here, so that a hopeless provider fails rather than hangs.
pub(crate) const LIMIT: usize = 1000;

/// A machine under test, next to one that must never be touched.
pub(crate) struct World<'a> {
    pub(crate) fixture: &'a dyn Fixture,
    /// The store's root.
    root: TempDir,
    empty: BTreeSet<String>,
    /// None in the second round: then ours is the first to make what machines share.
    neighbour: Option<Machine<'a>>,
    settled: BTreeSet<String>,
}

impl<'a> World<'a> {
    pub(crate) async fn new(fixture: &'a dyn Fixture, alone: bool) -> Result<Self, Failed> {
        let root = tempfile::Builder::new().prefix("conformance").tempdir()?;
        let empty = all(fixture).await;
        let mut neighbour = None;
        if !alone {
            let mut machine = Machine::new(fixture, root.path(), fixture.options()).await?;
            machine.created().await?;
            neighbour = Some(machine);
        }
        let settled = all(fixture).await;
        Ok(Self { fixture, root, empty, neighbour, settled })
    }

    /// A prepared and checked machine of the usual options.
    pub(crate) async fn machine(&self) -> Result<Machine<'a>, Failed> {
        Machine::new(self.fixture, self.root.path(), self.fixture.options()).await
    }

    /// A machine of which nothing is prepared.
    pub(crate) fn blank(&self) -> Result<Machine<'a>, Failed> {
        Machine::blank(self.fixture, self.root.path(), self.fixture.options())
    }

    /// As [`World::blank`], without secret options, where the fixture has such a machine.
    pub(crate) fn blank_without_secrets(&self) -> Result<Machine<'a>, Failed> {
        let options = self.fixture.options_without_secrets().ok_or("no such options")?;
        Machine::blank(self.fixture, self.root.path(), options)
    }

    /// All that the suite's machines have on disk.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.neighbour.is_none()
    }

    /// What is there beside the neighbour.
    pub(crate) async fn ours(&self) -> BTreeSet<String> {
        &all(self.fixture).await - &self.settled
    }

    pub(crate) async fn only_the_neighbour_is_left(&self, when: &str) -> Result<(), Failed> {
        let have = all(self.fixture).await;
        if have == self.settled {
            return Ok(());
        }
        let (more, gone) = (&have - &self.settled, &self.settled - &have);
        Err(format!("{when}: left {more:?}, the neighbour lost {gone:?}").into())
    }

    /// The last machine takes with it what machines share.
    pub(crate) async fn end(mut self) -> Result<(), Failed> {
        if let Some(neighbour) = &mut self.neighbour {
            neighbour.status().await.map_err(|e| format!("neighbour: {e}"))?;
            neighbour.removed().await?;
        }
        let have = all(self.fixture).await;
        if have == self.empty {
            return Ok(());
        }
        Err(format!("after the last machine: left {:?}", &have - &self.empty).into())
    }
}

async fn all(fixture: &dyn Fixture) -> BTreeSet<String> {
    fixture.resources().await.into_iter().collect()
}

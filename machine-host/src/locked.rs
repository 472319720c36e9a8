use std::fs::File;
use std::ops::Deref;

/// A locked file, whose lock ends with this value.
///
/// To close it would not do: a child that is just being started holds a copy of every open file until
/// it becomes another program.
#[derive(Debug)]
pub(crate) struct Locked(File);

impl Locked {
    /// Takes over a file on which the lock is held.
    pub(crate) fn new(file: File) -> Self {
        Self(file)
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.unlock().ok(); // closing does it, if later
    }
}

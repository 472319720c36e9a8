//! The test hosts' images and engine.

use std::thread;

use anyhow::{Result, anyhow, bail};
use machine_testbed::{Bed, HostKind};

pub(crate) fn run(action: &str) -> Result<()> {
    match action {
        "up" => prepare(),
        "down" => {
            let ran = machine_testbed::shut_down(false).map_err(describe)?;
            println!("{}", if ran { "the engine has ended" } else { "no engine was running" });
            Ok(())
        }
        "wipe" => machine_testbed::wipe().map_err(describe),
        _ => bail!("`hosts` takes up, down or wipe"),
    }
}

/// Makes every image that is missing.
pub(crate) fn prepare() -> Result<()> {
    let bed = Bed::get()?;
    // Side by side: much of it is waiting for downloads.
    thread::scope(|scope| {
        let making: Vec<_> =
            HostKind::ALL.iter().map(|kind| scope.spawn(|| bed.prepare(*kind))).collect();
        making.into_iter().try_for_each(|made| match made.join() {
            Ok(made) => made.map_err(describe),
            Err(_) => Err(anyhow!("making an image panicked")),
        })
    })
}

/// With all causes: the test bed's `Debug` is that sentence.
pub(crate) fn describe(error: machine_testbed::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}

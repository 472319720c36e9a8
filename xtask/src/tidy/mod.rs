//! Rules that no compiler checks. Each finding names the file and the rule.

mod crates;
mod sources;

use anyhow::{Result, bail};
use xshell::Shell;

use crate::metadata;

pub(crate) fn run(sh: &Shell) -> Result<()> {
    let packages = metadata::load(sh)?;
    let mut findings = crates::check(sh, &packages)?;
    findings.extend(sources::check(sh)?);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("tidy");
    Ok(())
}

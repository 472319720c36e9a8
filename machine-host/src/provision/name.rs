//! The host's name.
use super::detect::{Distribution, HostsFile};
use super::error::ProvisionError;
use super::look::Look;
use super::quoted;

/// Defines what [`call`] calls.
pub(super) const SCRIPT: &str = include_str!("scripts/named.sh");

/// The line of a script that gives the host a name; nothing where it has that name, or keeps its
/// own.
pub(super) fn call(
    name: Option<&str>,
    host: &Look,
    row: &Distribution,
) -> Result<String, ProvisionError> {
    let Some(name) = name.filter(|name| *name != host.host_name()) else {
        return Ok(String::new());
    };
    let form = match row.hosts_file {
        HostsFile::Always => "always",
        HostsFile::IfMissing => "missing",
    };
    Ok(format!("named {} {form}\n", quoted("host name", name)?))
}

use super::entry::Entry;
use super::layout::Store;
use super::options::{AuthOptions, AuthPaths};
use machine_core::Result;
use serde::Deserialize;
use std::path::{Path, PathBuf};

impl Store {
    /// `AuthOptions` of a machine that is about to be created in this store.
    pub fn auth_options(&self, name: &str) -> AuthOptions {
        AuthOptions::in_store(&self.certs_dir(), &self.machine_dir(name))
    }

    /// Where the authority's and the client's files of a machine are now, even if the store was
    /// moved since; those of the store for a machine without `AuthOptions`.
    ///
    /// # Errors
    /// [`machine_core::ErrorKind::InvalidOption`] when `AuthOptions` cannot be read.
    pub fn auth_paths(&self, entry: &Entry) -> Result<AuthPaths> {
        let default = AuthPaths::in_folder(&self.certs_dir());
        let Some(auth) = entry.config.host.auth()? else {
            return Ok(default);
        };
        let place = |stored: &Path, default: PathBuf| {
            if stored == Path::new("") { default } else { self.resolve(entry, stored) }
        };
        Ok(AuthPaths {
            ca_cert: place(&auth.ca_cert_path, default.ca_cert),
            ca_key: place(&auth.ca_private_key_path, default.ca_key),
            client_cert: place(&auth.client_cert_path, default.client_cert),
            client_key: place(&auth.client_key_path, default.client_key),
        })
    }

    /// Where a stored path of a machine leads now.
    ///
    /// A path that is there stays. One that is not, but lay in the store's former place, becomes
    /// its counterpart in the present one, if that is there (or could be made there, and not at
    /// the former place).
    pub fn resolve(&self, entry: &Entry, stored: &Path) -> PathBuf {
        if stored == Path::new("") || stored.symlink_metadata().is_ok() {
            return stored.to_owned();
        }
        let has_folder = |path: &Path| path.parent().is_some_and(Path::is_dir);
        let moved = self
            .counterpart(entry, stored)
            .filter(|new| new.symlink_metadata().is_ok() || has_folder(new) && !has_folder(stored));
        moved.unwrap_or_else(|| stored.to_owned())
    }

    fn counterpart(&self, entry: &Entry, stored: &Path) -> Option<PathBuf> {
        let auth = entry.config.host.auth().ok().flatten().unwrap_or_default();
        let driver: Driver = entry.config.driver.read().unwrap_or_default();
        let folder = parts(&auth.store_path);
        let stored = parts(stored);
        // The machine's folder may have another name by now.
        if folder.iter().rev().nth(1).is_some_and(|above| above == "machines")
            && let Some(rest) = stored.strip_prefix(folder.as_slice())
        {
            return Some(
                rest.iter().fold(self.machine_dir(&entry.name), |path, part| path.join(part)),
            );
        }
        let certs = parts(&auth.cert_dir);
        let roots = [
            Some(parts(&driver.store_path)),
            certs.split_last().map(|(_, above)| above.to_vec()),
            folder.len().checked_sub(2).and_then(|n| folder.get(..n)).map(<[_]>::to_vec),
        ];
        let rest = roots.iter().flatten().filter(|root| !root.is_empty());
        let rest = rest.filter_map(|root| stored.strip_prefix(root.as_slice())).next()?;
        Some(rest.iter().fold(self.root().to_owned(), |path, part| path.join(part)))
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Driver {
    store_path: PathBuf,
}

/// A path's components, also where it was written on Windows. None that leads upwards.
fn parts(path: &Path) -> Vec<String> {
    let text = path.to_string_lossy();
    let is_windows = text.get(1..3) == Some(":\\") || text.starts_with("\\\\");
    let parts: Vec<_> = text
        .split(|c| std::path::is_separator(c) || is_windows && c == '\\')
        .filter(|part| !part.is_empty() && *part != ".")
        .map(str::to_owned)
        .collect();
    if parts.iter().any(|part| part == "..") { Vec::new() } else { parts }
}

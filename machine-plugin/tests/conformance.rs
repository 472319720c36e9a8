//! The shared suite, over a Go driver on the original library and a pretended cloud.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#[path = "conformance/cloud.rs"]
mod cloud;
#[path = "it/go.rs"]
mod go;

use async_trait::async_trait;
use cloud::Cloud;
use machine_conformance::{Faults, Fixture};
use machine_core::{OptionValue, Provider};
use machine_plugin::{Driver, PluginProvider};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use tempfile::TempDir;

struct GoDriver {
    cloud: Cloud,
    _folder: TempDir,
    script: PathBuf,
}

impl GoDriver {
    fn new(program: &std::path::Path) -> Self {
        let (cloud, folder) = (Cloud::start(), tempfile::tempdir().unwrap());
        let script = folder.path().join("docker-machine-driver-peer");
        let text = format!(
            "#!/bin/sh\nexport PEER_MODE=by-name PEER_CLOUD='{}' PEER_URL='{}'\nexec '{}'\n",
            folder.path().display(),
            cloud.url(),
            program.display(),
        );
        // By a child, or another thread's child may hold it open for writing.
        let mut shell = Command::new("sh");
        shell.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(&script).stdin(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success());
        Self { cloud, _folder: folder, script }
    }
}

#[async_trait]
impl Fixture for GoDriver {
    fn provider(&self) -> Box<dyn Provider> {
        Box::new(PluginProvider::new(Driver::new("peer", &self.script)))
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        vec![("peer-text".into(), OptionValue::Text("red".into()))]
    }

    async fn resources(&self) -> Vec<String> {
        self.cloud.things()
    }

    fn faults(&self) -> Faults {
        self.cloud.faults().clone()
    }

    fn expand(&self, id: &str) -> Vec<String> {
        ["key", "server"].map(|kind| format!("{kind}-{id}")).into()
    }

    fn stride(&self) -> usize {
        7
    }
}

fn main() -> ExitCode {
    machine_conformance::run(|| {
        let program = go::program("driver").ok_or("no Go peers")?;
        Ok(Box::new(GoDriver::new(&program)))
    })
}

//! The shared suite, run against `generic`; a listener on loopback stands for sshd.
#![allow(clippy::unwrap_used, reason = "tests")]
use async_trait::async_trait;
use machine_conformance::{Faults, Fixture};
use machine_core::{OptionValue, Provider};
use machine_provider_generic::Generic;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

struct Host {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
    keys: tempfile::TempDir,
}

impl Host {
    fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let ends = Arc::new(AtomicBool::new(false));
        let over = ends.clone();
        let accepts = std::thread::spawn(move || {
            let mut callers = listener.incoming();
            while !over.load(Ordering::SeqCst) && callers.next().is_some() {}
        });
        let keys = tempfile::tempdir()?;
        for name in ["key", "key.pub"] {
            fs_err::write(keys.path().join(name), name)?;
        }
        Ok(Self { address, ends, accepts: Some(accepts), keys })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok(); // wakes the thread
        self.accepts.take().map(JoinHandle::join);
    }
}

#[async_trait]
impl Fixture for Host {
    fn provider(&self) -> Box<dyn Provider> {
        Box::new(Generic::new())
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        let key = self.keys.path().join("key").display().to_string();
        let port = i64::from(self.address.port());
        let given = [
            ("generic-ip-address", OptionValue::Text(self.address.ip().to_string())),
            ("generic-ssh-port", OptionValue::Int(port)),
            ("generic-engine-port", OptionValue::Int(2377)),
            ("generic-ssh-user", OptionValue::Text("docker".to_owned())),
            ("generic-ssh-key", OptionValue::Text(key)),
        ];
        given.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    async fn resources(&self) -> Vec<String> {
        // The host and the user's key: there before, and to be there afterwards.
        let mut there = vec![self.address.to_string()];
        for entry in fs_err::read_dir(self.keys.path()).unwrap() {
            let path = entry.unwrap().path();
            there.push(format!("{} {}", path.display(), fs_err::read_to_string(&path).unwrap()));
        }
        there
    }

    fn faults(&self) -> Faults {
        Faults::default()
    }

    fn makes_nothing(&self) -> bool {
        true
    }
}

fn main() -> std::process::ExitCode {
    machine_conformance::run(|| match Host::start() {
        Ok(host) => Ok(Box::new(host)),
        Err(e) => Err(format!("no listener on loopback: {e}")),
    })
}

//! A provider for a cloud that is a folder: one file a thing.
use async_trait::async_trait;
use machine_core::{
    Capabilities, Cx, Error, ErrorKind, Event, Intent, MachineState, OptionKind, OptionSpec,
    OptionValue, Options, Prepared, Provider, Record, Result, SshEndpoint, State, Status, Step,
    run_steps, undo,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::{env, fs, io};

/// The folder.
pub(crate) const CLOUD: &str = "FOLDER_CLOUD";

#[derive(Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Settings {
    text: String,
    number: i64,
    switch: bool,
    list: Vec<String>,
    behave: String,
    public_key: String,
    install_url: String,
    server_id: String,
}

#[derive(Default)]
pub(crate) struct Folder {
    signed_in: bool,
}

fn thing(id: &str) -> PathBuf {
    PathBuf::from(env::var_os(CLOUD).unwrap_or_default()).join(id)
}

fn failed(error: io::Error) -> Error {
    Error::wrap(ErrorKind::Other, "folder", error)
}

/// A key or a server, called after the machine.
struct Thing(&'static str);

#[async_trait]
impl Step for Thing {
    fn name(&self) -> &str {
        self.0
    }

    async fn intent(&self, cx: &Cx<'_>, _: &State, attempt: usize) -> Result<Option<Intent>> {
        let name = format!("{}-{}", self.0, cx.name);
        Ok((attempt == 0).then(|| Intent::new(self.0, "").with_name(name)))
    }

    async fn make(&self, cx: &Cx<'_>, state: &mut State, intent: &Intent) -> Result<String> {
        let settings: Settings = state.read()?;
        let id = intent.name.clone().unwrap_or_default();
        match settings.behave.as_str() {
            "panic" => panic!("out of cheese"),
            "error" if self.0 == "server" => {
                let cause = io::Error::other("limit 10");
                return Err(Error::new(ErrorKind::Quota, "", "no more servers").with_source(cause));
            }
            _ => {}
        }
        if self.0 == "server" {
            cx.events.emit(Event::Said { line: "booting".to_owned() });
        }
        fs::write(thing(&id), "running").map_err(failed)?;
        if settings.behave == "exit" {
            std::process::exit(7); // as a kill would, between effect and record
        }
        Ok(id)
    }

    async fn find(&self, _: &Cx<'_>, _: &State, intent: &Intent) -> Result<Vec<String>> {
        let id = intent.name.clone().unwrap_or_default();
        Ok(if thing(&id).exists() { vec![id] } else { Vec::new() })
    }

    async fn unmake(&self, _: &Cx<'_>, _: &mut State, _: &Intent, id: &str) -> Result<()> {
        match fs::remove_file(thing(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    fn project(&self, state: &mut State, id: Option<&str>) -> Result<()> {
        if self.0 == "server" {
            let mut settings: Settings = state.read()?;
            settings.server_id = id.unwrap_or_default().to_owned();
            state.write(&settings)?;
        }
        Ok(())
    }
}

fn steps() -> Vec<Box<dyn Step>> {
    vec![Box::new(Thing("key")), Box::new(Thing("server"))]
}

#[async_trait]
impl Provider for Folder {
    fn name(&self) -> &str {
        "folder"
    }

    fn capabilities(&self) -> Capabilities {
        let mut able = Capabilities::default();
        able.start_stop = true;
        able
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        let default = OptionValue::Text("dflt".into());
        Ok(vec![
            OptionSpec::new("folder-text", OptionKind::Text, "a text")
                .with_env("FOLDER_TEXT")
                .with_default(default),
            OptionSpec::new("folder-number", OptionKind::Int, "a number")
                .with_default(OptionValue::Int(-3)),
            OptionSpec::new("folder-switch", OptionKind::Switch, "a switch"),
            OptionSpec::new("folder-list", OptionKind::List, "a list")
                .with_default(OptionValue::List(vec!["d".into()])),
            OptionSpec::new("folder-token", OptionKind::Text, "a secret")
                .with_env("FOLDER_TOKEN")
                .with_secret(),
            OptionSpec::new("folder-behave", OptionKind::Text, "what goes wrong"),
        ])
    }

    async fn sign_in(&mut self, options: &Options, source: Option<&str>) -> Result<()> {
        let given = options.secret("folder-token").map(|token| token.expose());
        self.signed_in = given == Some("good") && source.is_none_or(|s| s == "token");
        match given {
            Some("good") => Ok(()),
            _ => Err(Error::new(ErrorKind::Credentials, "", "folder-token is wrong")),
        }
    }

    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        assert!(self.signed_in, "not signed in");
        let settings = Settings {
            text: options.text("folder-text").unwrap_or_default().to_owned(),
            number: options.int("folder-number").unwrap_or_default(),
            switch: options.switch("folder-switch"),
            list: options.list("folder-list").to_vec(),
            behave: options.text("folder-behave").unwrap_or("nothing").to_owned(),
            install_url: cx.shared.text("engine-install-url").unwrap_or_default().to_owned(),
            ..Settings::default()
        };
        Ok(Prepared::new(State::new(&settings)?).with_source("token"))
    }

    async fn check(&self, _: &Cx<'_>, state: &mut State) -> Result<()> {
        match state.read::<Settings>()?.behave.as_str() {
            "check" => Err(Error::new(ErrorKind::Permission, "folder.check", "not allowed")),
            _ => Ok(()),
        }
    }

    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let mut settings: Settings = state.read()?;
        settings.public_key = cx.public_key.to_owned();
        state.write(&settings)?;
        run_steps(&steps(), cx, state).await
    }

    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        assert!(self.signed_in, "not signed in");
        undo(&steps(), cx, state).await
    }

    fn adopt(&self, state: &State) -> Result<Vec<Record>> {
        let id = state.read::<Settings>()?.server_id;
        let server = || Record::adopted("server", Intent::new("server", ""), &id);
        Ok(if id.is_empty() { Vec::new() } else { server().into() })
    }

    async fn start(&self, cx: &Cx<'_>, _: &mut State) -> Result<()> {
        fs::write(thing(&format!("server-{}", cx.name)), "running").map_err(failed)
    }

    async fn stop(&self, cx: &Cx<'_>, _: &mut State) -> Result<()> {
        fs::write(thing(&format!("server-{}", cx.name)), "stopped").map_err(failed)
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        let status = |state: &&State| {
            let id = state.read::<Settings>()?.server_id;
            let missing = || Error::new(ErrorKind::NotFound, "", "server not found");
            let content = fs::read_to_string(thing(&id)).map_err(|_| missing())?;
            let mut status = Status::new(MachineState::Stopped);
            if content == "running" {
                status.state = MachineState::Running;
                status.ip = Some("127.0.0.1".to_owned());
                status.ssh = Some(SshEndpoint::new("127.0.0.1", 2222, "admin"));
            }
            Ok(status)
        };
        machines.iter().map(status).collect()
    }
}

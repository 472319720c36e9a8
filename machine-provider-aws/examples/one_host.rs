//! Makes a host, waits until it runs, prints its address, and removes it again.
//!
//! `cargo run -p machine-provider-aws --example one_host -- "$(cat ~/.ssh/id_ed25519.pub)"`
#![allow(clippy::print_stdout, reason = "a program for people")]
use machine_core::{Cx, Event, MachineState, MemoryJournal, Options, Provider, Result, TAG_STORE};
use machine_provider_aws::{AmazonEc2, RealClock};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let public_key = std::env::args().nth(1).unwrap_or_default();
    let ec2 = AmazonEc2::new(); // with credentials of the SDK's own chain
    let options = Options::new(&ec2.options().await?, [])?;
    let (journal, events) = (MemoryJournal::default(), |event: Event| println!("{event:?}"));
    let tags = [(TAG_STORE.to_owned(), "one-host-example".to_owned())].into();
    let id = "6f0b2c1e-8c1d-4a53-9d8e-0d7c1f1b2a3c"; // a fresh one for each machine
    let mut cx = Cx::new(id, "one-host", &journal, &RealClock, &events);
    (cx.public_key, cx.tags) = (&public_key, &tags);

    let mut state = ec2.prepare(&cx, &options).await?.state;
    ec2.check(&cx, &mut state).await?;
    ec2.create(&cx, &mut state).await?;
    let found = loop {
        match ec2.statuses(&[&state]).await.remove(0) {
            Ok(status) if status.state != MachineState::Running => {
                cx.clock.sleep(Duration::from_secs(5)).await;
            }
            found => break found,
        }
    };
    println!("{found:?}");
    ec2.remove(&cx, &mut state).await
}

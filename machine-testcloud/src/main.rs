//! Plays EC2 for programs that are no tests, until standard input ends.
//!
//! `machine-testcloud [--address IP] [--delay SECONDS] [--scale FACTOR]` prints the endpoint's URL.
//! All instances seem to be at the address; each call takes the delay; a second of an instance's
//! life takes the factor.
#![allow(clippy::print_stdout, reason = "a program for people and benches")]
use machine_host::RealClock;
use machine_testcloud::Cloud;
use std::sync::Arc;
use std::time::Duration;

/// This computer, where nobody listens.
const NOWHERE: &str = "127.0.0.2";

fn main() -> Result<(), String> {
    let (mut address, mut delay, mut scale) = (NOWHERE.to_owned(), 0.0, 1.0);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse::<f64>().map_err(|_| format!("{name} {value}: not a number"));
        match name.as_str() {
            "--address" => address = value,
            "--delay" => delay = number()?,
            "--scale" => scale = number()?,
            _ => return Err(format!("{name}: --address, --delay and --scale are known")),
        }
    }
    let cloud = Cloud::start(Arc::new(RealClock::scaled(scale)))?;
    cloud.set_address(&address);
    cloud.set_delay(Duration::try_from_secs_f64(delay).map_err(|e| format!("--delay: {e}"))?);
    println!("{}", cloud.endpoint());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).map(drop).map_err(|e| e.to_string())
}

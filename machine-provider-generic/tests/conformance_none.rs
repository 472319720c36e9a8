//! The shared suite, run against `none`.
use async_trait::async_trait;
use machine_conformance::{Faults, Fixture};
use machine_core::{OptionValue, Provider};
use machine_provider_generic::NoDriver;

struct Endpoint;

#[async_trait]
impl Fixture for Endpoint {
    fn provider(&self) -> Box<dyn Provider> {
        Box::new(NoDriver::new())
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        vec![("url".to_owned(), OptionValue::Text("tcp://192.0.2.1:2376".to_owned()))]
    }

    async fn resources(&self) -> Vec<String> {
        Vec::new()
    }

    fn faults(&self) -> Faults {
        Faults::default()
    }

    fn makes_nothing(&self) -> bool {
        true
    }
}

fn main() -> std::process::ExitCode {
    machine_conformance::run(|| Ok(Box::new(Endpoint)))
}

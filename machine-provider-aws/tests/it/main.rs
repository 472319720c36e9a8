//! What is special to EC2, against moto behind a proxy.
mod credentials;
mod faults;
mod launch;
mod machine;
#[path = "../moto/mod.rs"]
mod moto;
mod network;
mod power;
mod spot;
mod state;

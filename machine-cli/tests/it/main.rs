//! The program as its callers see it: exit code, stdout, stderr and files, in a sealed home.
#![allow(clippy::unwrap_used, reason = "tests")]
mod arguments;
mod certificates;
mod completion;
mod create;
mod damaged;
mod dialects;
mod engine;
mod env;
mod help;
mod home;
mod inspect;
mod json;
mod ls;
mod names;
mod platform;
mod power;
mod reference;
mod rm;

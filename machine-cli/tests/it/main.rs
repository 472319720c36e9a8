//! The program as its callers see it: exit code, stdout, stderr and files, in a sealed home.
mod arguments;
mod create;
mod damaged;
mod help;
mod home;
mod inspect;
mod ls;
mod names;
mod power;
mod rm;
mod run;
mod ssh;
mod streams;

mod create;
mod discovery;
mod handshake;
mod installed;
mod killed;
mod life;
mod remove;
mod status;

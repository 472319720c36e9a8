mod create;
mod discovery;
mod handshake;
mod killed;
mod life;
mod remove;
mod status;

//! Docker Machine's driver plugin protocol.
pub mod codec;

/// How much of a peer's data a decoder takes before it gives up.
///
/// The defaults are far above what drivers send (the largest recorded message has 12 KiB) and far
/// below what would hurt: a hostile stream costs at most about 100 MiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest message, in bytes. Default: 16 MiB.
    pub message: usize,
    /// Memory of one decoded value, in bytes. Default: 32 MiB.
    pub value: usize,
    /// Deepest nesting of lists, maps, structs and interfaces. Default: 128.
    pub depth: usize,
    /// Type definitions in the whole stream. Default: 1024.
    pub types: usize,
    /// Memory of all type definitions, in bytes. Default: 4 MiB.
    pub definitions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message: 16 << 20, value: 32 << 20, depth: 128, types: 1024, definitions: 4 << 20 }
    }
}

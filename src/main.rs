//! crmsync.
fn main() {}

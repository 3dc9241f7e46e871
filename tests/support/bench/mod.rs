//! A sandbox and the program's own run in this process: runs that can be cut at every boundary, and
//! a view of both address books that shares no code with the program.

mod books;
mod proxy;
mod stage;
mod trap;

pub(crate) use books::{Books, Card};
pub(crate) use proxy::Proxy;
pub(crate) use stage::{Ended, How, Scene, Stage};

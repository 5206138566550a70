//! An engine's handle carried over a socket: a daemon listens, consoles and verbs connect, from this host or over SSH.
//!
//! ```text
//!  engine --handle--> server ==socket== client --handle--> console, verbs
//!                       |   (or ssh, with a bridge on the far side)
//!                peer: who is it, what may they
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`protocol`] | what is said, and in which order |
//! | [`wire`] | messages as frames with a length cap |
//! | [`delta`] | from one snapshot to the next in few bytes |
//! | [`parts`] | a snapshot that is too much for one message, in several |
//! | [`socket`] | where the socket stands, and whose it is |
//! | `peer` | who is at the other end, as the kernel says |
//! | [`rights`] | who may ask for what |
//! | [`limits`] | how many connections and requests one user has |
//! | [`server`] | accepts; `session`: one connection, with its `replies` and `session_output` |
//! | [`client`] | the other end, for one question or as a handle; `remote_handle` reconnects by itself |
//! | [`transport`] | how the other end is reached: a socket, or the system's `ssh` |
//! | [`bridge`] | the far side of `ssh` |
//!
//! There is no TCP listener. The engine never waits for anybody here: a slow reader gets the latest state when it is
//! ready for it, and is cut off when it is not ready for long.

pub mod bridge;
pub mod client;
pub mod delta;
pub mod limits;
pub mod parts;
mod peer;
pub mod protocol;
mod remote_handle;
mod replies;
pub mod rights;
pub mod server;
mod session;
mod session_output;
pub mod socket;
pub mod transport;
pub mod wire;

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
//! | [`protocol::wire`] | messages as frames with a length cap |
//! | [`protocol::delta`] | from one snapshot to the next in few bytes |
//! | [`protocol::parts`] | a snapshot that is too much for one message, in several |
//! | [`socket`] | where the socket stands, and whose it is |
//! | `peer` | who is at the other end, as the kernel says |
//! | [`protocol::rights`] | who may ask for what |
//! | [`server::limits`] | how many connections and requests one user has |
//! | [`server`] | accepts; `session`: one connection, with its `replies` and `session_output` |
//! | [`client`] | the other end, for one question or as a handle; `remote_handle` reconnects by itself |
//! | [`transport`] | how the other end is reached: a socket, or the system's `ssh` |
//! | [`bridge`] | the far side of `ssh` |
//!
//! There is no TCP listener. The engine never waits for anybody here: a slow reader gets the latest state when it is
//! ready for it, and is cut off when it is not ready for long.

pub mod bridge;
pub mod client;
pub mod protocol;
pub mod server;
pub mod socket;
pub mod transport;

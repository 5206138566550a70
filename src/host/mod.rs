//! What the kernel and systemd offer, made safe to use: the lowest module, which uses no other but the core's clock
//! types. `check` looks at the host and `action` changes it, both through here.

pub mod capped;
pub mod cause;
pub mod cgroups;
pub mod child;
pub mod clock;
pub mod containers;
pub mod links;
pub mod paths;
pub mod program;
pub mod secret_file;
pub mod spare;
pub mod sys;
pub mod systemd;
pub mod timex;
pub mod web;

pub use crate::foreign::{deadline, mounts};
pub use crate::text::redact;
pub use clock::Clock;
pub use systemd::Systemd;

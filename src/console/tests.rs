//! What the screens look like, and what keys do to them.

mod any;
mod bytes;
mod keys;
mod mouse;
mod plain;
mod screens;

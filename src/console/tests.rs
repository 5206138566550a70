//! What the screens look like, and what keys do to them.

mod keys;
mod plain;
mod screens;

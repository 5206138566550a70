//! What the screens look like, and what keys do to them.

mod keys;
mod rewind;
mod screens;

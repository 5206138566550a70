//! What the screens look like, and what keys do to them.

mod keys;
mod reading;
mod rewind;
mod screens;

//! What the screens look like, and what keys do to them.

mod colour;
mod keys;
mod pictures;
mod screens;
mod themes;
mod views;

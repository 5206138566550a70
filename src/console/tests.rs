//! What the screens look like, and what keys do to them.

mod author;
mod begin;
mod colour;
mod finding;
mod holds;
mod keys;
mod pictures;
mod reading;
mod rewind;
mod screens;
mod success;
mod themes;
mod views;
mod writing;

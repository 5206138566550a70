//! What the screens look like, and what keys do to them.

mod author;
mod begin;
mod finding;
mod holds;
mod keys;
mod reading;
mod rewind;
mod screens;
mod success;
mod writing;

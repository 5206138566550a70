//! What the screens look like, and what keys do to them.

mod author;
mod begin;
mod keys;
mod screens;
mod writing;

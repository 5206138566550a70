//! What the screens look like, and what keys do to them.

mod any;
mod author;
mod begin;
mod bytes;
mod colour;
mod finding;
mod holds;
mod keys;
mod mouse;
mod no_data;
mod paging;
mod pictures;
mod plain;
mod reading;
mod rewind;
mod rows_hidden;
mod screens;
mod success;
mod themes;
mod views;
mod writing;

//! The core's state, made ready for people: for a screen, for a page, for a report.
//!
//! | module | what it does |
//! |---|---|
//! | [`snapshot_builder`] | the state as a snapshot |
//! | [`calls`] | open pages, as screens show them |
//! | [`playbook_view`] | every playbook file, accepted or not, as a screen shows it |
//! | [`page`] | from a recorded escalation to the page that goes out |
//! | [`incident_markdown`] | an incident as Markdown |

pub mod calls;
pub mod incident_markdown;
pub mod page;
pub mod playbook_view;
pub mod snapshot_builder;

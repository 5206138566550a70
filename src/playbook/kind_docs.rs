//! The manual of the kinds: a page for each, from what its own file says.

pub mod manual;

use self::manual::Manual;
use super::action::Action;
use super::check::Check;

/// The manuals of this name; of all kinds where there is none. A check and an action may share a name.
#[must_use]
pub fn manuals(name: Option<&str>) -> Vec<Manual> {
    let all = Check::manuals().into_iter().chain(Action::manuals());
    all.filter(|manual| name.is_none_or(|name| manual.kind == name)).collect()
}

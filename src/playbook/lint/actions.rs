//! What a page would gather. What an attempt would do is linted by each kind of action itself.

use super::templates::{self, Place};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::{Attachment, TargetSpec};
use crate::playbook::read::site::Placed;

/// Evidence: only a program's arguments can be wrong beyond their range.
pub fn attachment(attachment: &Placed<'_, Attachment>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    if let Attachment::Run(argv) = &attachment.value {
        templates::arguments(argv, attachment.at, Place::Evidence, targets, findings);
    }
}

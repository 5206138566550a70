//! Targets and objects: what they are called, and which are the same.

use crate::playbook::check::Check;
use crate::playbook::model::TargetSpec;

/// Do these two look at the same thing? Where one takes its object from the target, the other may name that target.
pub fn same_object(a: &Check, b: &Check, targets: &[&TargetSpec]) -> bool {
    if a.kind() != b.kind() {
        return false;
    }
    let (a, b) = (a.parts(), b.parts());
    let target = |object| match (object, targets) {
        (None, [only]) => Some(spec_name(only)),
        (object, _) => object,
    };
    a.besides == b.besides && target(a.object) == target(b.object)
}

/// The kind's word.
pub fn spec_kind(spec: &TargetSpec) -> &'static str {
    match spec {
        TargetSpec::Unit(_) => "unit",
        TargetSpec::Mount(_) => "mount",
        TargetSpec::Process(_) => "process",
        TargetSpec::Path(_) => "path",
        TargetSpec::Url(_) => "url",
        TargetSpec::Address(_) => "address",
        TargetSpec::Container(_) => "container",
        TargetSpec::Link(_) => "link",
        TargetSpec::Host => "host",
    }
}

/// The name as written.
pub fn spec_name(spec: &TargetSpec) -> &str {
    match spec {
        TargetSpec::Unit(name)
        | TargetSpec::Mount(name)
        | TargetSpec::Process(name)
        | TargetSpec::Path(name)
        | TargetSpec::Url(name)
        | TargetSpec::Address(name)
        | TargetSpec::Container(name)
        | TargetSpec::Link(name) => name,
        TargetSpec::Host => "host",
    }
}

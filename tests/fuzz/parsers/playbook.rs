//! A playbook's file: read or refused with reasons, the same every time.

use std::path::PathBuf;

use salve::playbook::read::read;
use salve::playbook::{Diagnostic, Origin};

pub fn drive(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let origin = || Origin::Folder(PathBuf::from("/etc/salve/playbooks"));
    let file = read("x.toml", "x", origin(), text);
    let rejected = file.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(file.playbook.is_none(), rejected, "a file is refused with a reason, and only then");
    for diagnostic in &file.diagnostics {
        super::is_harmless(&diagnostic.render(text, false));
    }
    assert_eq!(read("x.toml", "x", origin(), text), file, "one text is one playbook");
}

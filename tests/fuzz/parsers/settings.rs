//! The settings file: read, or refused with every mistake drawn.

use salve::engine::Settings;

pub fn drive(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(mistakes) = Settings::parse("salve.toml", text) {
        assert!(!mistakes.found.is_empty(), "a file is refused with a reason");
        super::is_harmless(&mistakes.draw(false));
    }
}

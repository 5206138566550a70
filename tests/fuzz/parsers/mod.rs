//! What reads text or bytes that somebody else wrote, and what must hold of each whatever they wrote. The fuzzers drive
//! these without end; `cargo test --test parsers` drives them over everything that was ever found, and for a moment more.

mod frame;
mod playbook;
mod settings;
mod text;
mod theme;

/// One parser: its name, which is its corpus' too, and what drives it. A broken property is a panic.
pub type Parser = (&'static str, fn(&[u8]));

/// Every parser.
pub const ALL: [Parser; 5] = [
    ("frame", frame::drive),
    ("playbook", playbook::drive),
    ("settings", settings::drive),
    ("text", text::drive),
    ("theme", theme::drive),
];

/// Runs the parser of this name.
#[allow(dead_code, reason = "for the fuzzers, which are programs of their own")]
pub fn drive(name: &str, data: &[u8]) {
    let (_, drive) = ALL.iter().find(|(other, _)| *other == name).expect("every fuzzer names a parser");
    drive(data);
}

/// Nothing in it could reach a terminal as anything but text.
fn is_harmless(said: &str) {
    assert_eq!(salve::text::clean(said), said, "a control character came through");
}

//! The console in a real terminal: given back on every way out, silent when nothing changes, and never spinning.
//!
//! The program under test is this one, started again with a fixture for an engine.
#![allow(clippy::print_stderr, reason = "a child that plays the program says why it failed")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![allow(missing_docs, reason = "a test program")]

extern crate salve;

#[path = "screen/drawing.rs"]
mod drawing;
#[path = "screen/ends.rs"]
mod ends;
#[path = "support/fixture.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod fixture;
#[path = "screen/keys.rs"]
mod keys;
#[path = "support/pty.rs"]
mod pty;
#[path = "screen/scene.rs"]
mod scene;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use scene::SCENE;

fn main() -> ExitCode {
    if let Ok(scene) = std::env::var(SCENE) {
        return scene::play(&scene);
    }
    let tests: Vec<(&'static str, fn())> = vec![
        ("the_first_screen_answers_and_q_gives_the_terminal_back", ends::first_screen),
        ("a_panic_elsewhere_leaves_the_screen_alone", ends::panic_elsewhere),
        ("term_and_hup_give_the_terminal_back", ends::signals),
        ("a_lost_terminal_ends_the_console_without_spinning", ends::hang_up),
        ("ctrl_z_attached_suspends_the_screen_only", ends::suspended),
        ("ctrl_z_embedded_asks_first", ends::suspended_embedded),
        ("no_color_keeps_bold_and_reverse", drawing::no_color),
        ("nothing_is_written_when_nothing_changes", drawing::idle),
        ("a_split_escape_sequence_is_no_bare_escape", keys::split_escape),
        ("a_paste_is_no_command", keys::paste),
        ("another_size_is_drawn_at_once", drawing::resized),
        ("a_yes_reaches_the_engine_with_the_digest", keys::approved),
        ("the_editor_gets_the_terminal_and_gives_it_back", ends::editor),
        ("names_do_not_steer_the_terminal", drawing::hostile),
        ("without_a_terminal_there_is_no_console", ends::no_terminal),
    ];
    let trials = tests.into_iter().map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

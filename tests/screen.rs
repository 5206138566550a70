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
#[path = "support/executable.rs"]
mod executable;
#[path = "support/fixture.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod fixture;
#[path = "screen/keys.rs"]
mod keys;
#[path = "screen/looks.rs"]
mod looks;
#[path = "screen/multiplexers.rs"]
mod multiplexers;
#[path = "screen/past.rs"]
mod past;
#[path = "screen/plain.rs"]
mod plain;
#[path = "support/pty.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod pty;
#[path = "screen/scene.rs"]
mod scene;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use scene::SCENE;

const IN_TMUX: &str = "it_is_left_and_found_again_in_tmux";
const IN_SCREEN: &str = "it_is_left_and_found_again_in_gnu_screen";

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
        ("ctrl_z_embedded_does_not_suspend", ends::suspended_embedded),
        ("no_color_keeps_bold_and_reverse", drawing::no_color),
        ("nothing_is_written_when_nothing_changes", drawing::idle),
        ("a_split_escape_sequence_is_no_bare_escape", keys::split_escape),
        ("a_paste_is_no_command", keys::paste),
        ("another_size_is_drawn_at_once", drawing::resized),
        ("a_yes_reaches_the_engine_with_the_digest", keys::approved),
        ("the_editor_gets_the_terminal_and_gives_it_back", ends::editor),
        ("names_do_not_steer_the_terminal", drawing::hostile),
        ("without_a_terminal_there_is_no_console", ends::no_terminal),
        ("a_terminal_that_does_not_read_holds_up_nobody", ends::slow_link),
        ("a_dumb_terminal_gets_sentences", ends::dumb),
        ("a_lone_escape_arrives_soon", keys::lone_escape),
        ("a_sequence_cut_at_every_byte_is_no_bare_escape", keys::split_everywhere),
        ("what_is_typed_ahead_approves_nothing", keys::typed_ahead),
        ("a_raw_paste_that_begins_with_y_approves_nothing", keys::raw_paste),
        ("a_storm_of_sizes_ends_with_a_right_screen", drawing::storm),
        ("a_screen_costs_few_bytes", drawing::bytes),
        ("it_works_whatever_the_terminal_calls_itself", drawing::kinds_of_terminals),
        ("a_copy_reaches_the_clipboard_through_tmux_and_screen", past::copied),
        ("an_export_says_its_file_and_overwrites_none", past::exported),
        ("the_past_is_shown_and_left_again", past::past_shown),
        ("each_terminal_gets_the_colours_that_it_has", looks::ladder),
        ("a_changed_theme_is_shown_and_a_bad_one_is_told", looks::changed_theme),
        ("a_theme_is_tried_and_kept_for_the_next_time", looks::kept_theme),
        ("without_utf8_every_byte_is_ascii", looks::ascii),
        ("a_notification_is_sent_only_where_it_is_wanted", looks::notified),
        ("what_changes_is_said_in_sentences", plain::says_what_changes),
        ("a_yes_is_a_number_where_there_is_no_screen", plain::approves_by_number),
        ("a_pipe_is_only_told", plain::into_a_pipe),
        (IN_TMUX, multiplexers::in_tmux),
        (IN_SCREEN, multiplexers::in_screen),
    ];
    let trials = tests.into_iter().map(|(name, test)| {
        let lacks = match name {
            IN_TMUX => multiplexers::lacks("tmux"),
            IN_SCREEN => multiplexers::lacks("screen"),
            _ => false,
        };
        let trial = Trial::test(name, move || {
            test();
            Ok(())
        });
        trial.with_ignored_flag(lacks)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

//! One file per kind of failure.

mod calling;
mod containers;
mod control;
mod crash;
mod filesystem;
mod init;
mod links;
mod nginx;
mod screen;
mod service;
mod stops;
mod storm;
mod together;

/// Every scenario, by name.
pub const ALL: &[(&str, fn())] = &[
    ("a_bare_host_is_met", init::bare),
    ("a_busy_host_is_met", init::busy),
    ("nginx_is_killed_and_healed", nginx::killed),
    ("nginx_is_broken_for_good_until_mended", nginx::broken_for_good),
    ("nginx_was_stopped_by_an_operator", nginx::stopped),
    ("nginx_hangs_and_only_http_tells", nginx::hung),
    ("nginx_dies_after_the_bus_was_restarted", nginx::after_the_bus),
    ("what_operators_stopped_stays_down", stops::operators),
    ("a_stop_that_nobody_heard_of_is_asked_about_once", stops::unheard),
    ("a_stop_that_was_passed_on_has_its_origin", stops::passed_on),
    ("a_restart_that_failed_is_a_fault", stops::failed_restart),
    ("a_container_that_was_stopped_is_told_from_one_that_died", containers::stopped_or_dead),
    ("a_full_file_system_is_cleaned", filesystem::cleaned),
    ("a_file_kept_open_is_reported_with_its_holder", filesystem::kept_open),
    ("links_and_mounts_lead_nowhere", filesystem::canaries),
    ("a_log_that_its_owner_makes_a_link_shows_nothing_of_roots", links::of_a_log),
    ("salve_is_killed_while_its_remediation_runs", crash::killed),
    ("a_risky_attempt_is_approved_by_keys", screen::approved),
    ("a_pause_is_seen_and_holds", screen::paused),
    ("the_breaker_is_watched_opening", screen::breaker),
    ("every_size_is_drawn", screen::sizes),
    ("ssh_is_cut_and_the_console_comes_back", control::ssh_is_cut),
    ("two_consoles_are_one_team", control::two_at_once),
    ("strangers_may_what_their_groups_say", control::strangers),
    ("a_call_its_answer_and_its_end_stand_in_journald", calling::journald),
    ("a_yes_that_comes_late_runs_nothing", control::late),
    ("a_flood_of_clients_changes_nothing", control::flooded),
    ("a_service_is_installed_and_removed", service::installed_and_removed),
    ("a_service_reads_its_settings_anew", service::reloaded),
    ("a_killed_service_comes_back_as_it_was", service::killed),
    ("a_stopped_service_lets_its_attempt_end", service::stopped_during_an_attempt),
    ("a_loop_that_stands_still_starves_the_watchdog", service::wedged),
    ("playbooks_that_anybody_can_write_act_no_more", service::writable_playbooks),
    ("a_full_disk_stops_acts_and_not_pages", service::disk_full),
    ("forty_units_fail_at_once", storm::forty_at_once),
    ("one_unit_under_two_names_is_one_call", together::one_unit_under_two_names),
    ("remedies_that_fight_are_held_and_paged_as_one", together::remedies_that_fight),
    ("a_thousand_targets_cost_next_to_nothing", storm::a_thousand_targets),
];

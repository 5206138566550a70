//! PagerDuty, Alertmanager, mail, the journal and the webhook's signature: what goes out arrives, whatever happens in between, once
//! under one key; against servers of this test's own, and against Debian's real ones on loopback. Where a real one is
//! missing its trial is reported as ignored, and its name says what is missing.

#![allow(clippy::unwrap_used, reason = "what is not there is a failed test")]

mod alertmanager;
mod bench;
mod fateful;
mod journald;
mod mail;
mod pagerduty;
mod real;
mod signature;
mod smtpd;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let trial = |name: &'static str, body: fn()| {
        Trial::test(name, move || {
            body();
            Ok(())
        })
    };
    let with = |name: &str, needs: &[&str], body: fn()| {
        let missing: Vec<&str> = needs.iter().copied().filter(|need| !real::is_here(need)).collect();
        let name = if missing.is_empty() { name.to_owned() } else { format!("{name} (needs {})", missing.join(", ")) };
        Trial::test(name, move || {
            body();
            Ok(())
        })
        .with_ignored_flag(!missing.is_empty())
    };
    let trials = vec![
        trial("pagerduty: one trigger, acknowledgement and resolve through every failure", pagerduty::through_failures),
        trial("pagerduty: what is refused for good becomes a ticket", pagerduty::refused),
        trial("pagerduty: an event keeps to its sizes", pagerduty::sizes),
        trial("pagerduty: the key never crosses a network in the clear", pagerduty::key_in_the_clear),
        trial("alertmanager: one alert opens and ends through every failure", alertmanager::through_failures),
        trial("alertmanager: an open alert is told again, also after a restart", alertmanager::told_again),
        trial("alertmanager: what is refused for good becomes a ticket", alertmanager::refused),
        trial("mail: one thread through every failure", mail::through_failures),
        trial("mail: what is refused for good becomes a ticket", mail::refused),
        trial("mail: a wrong password is said and tried again", mail::wrong_password),
        trial("mail: nothing is said in the clear where TLS is due", mail::no_downgrade),
        trial("mail: an answer without end takes no memory", mail::endless),
        trial("journald: an entry has a field for each part", journald::fields),
        trial("journald: without it the error is clear", journald::missing),
        with("alertmanager: the real one", &["prometheus-alertmanager"], real::alertmanager),
        with("mail: a real server, with TLS and a password", &["exim4", "openssl", "root"], real::exim),
        with("webhook: the manual's check of a signature", &["python3"], signature::checked_as_the_manual_says),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

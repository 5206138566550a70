//! The kinds of channels, one file each, and the one list of them: everything that is made for each kind (modules, settings,
//! reading, faults, opening) is made from it.

/// Calls the macro `$then` with every kind of channel: `"WORD" MODULE: Kind(Settings);`. The word stands in settings, so
/// it stays.
macro_rules! for_each_channel_kind {
    ($then:ident) => {
        $then! {
            "tickets" tickets: Tickets(TicketSettings);
            "command" command: Command(CommandSettings);
            "webhook" webhook: Webhook(WebhookSettings);
            "pagerduty" pagerduty: PagerDuty(PagerDutySettings);
            "alertmanager" alertmanager: Alertmanager(AlertmanagerSettings);
            "smtp" smtp: Smtp(SmtpSettings);
            "journald" journald: Journald(JournaldSettings);
        }
    };
}

macro_rules! modules {
    ($($word:literal $module:ident: $kind:ident($settings:ident);)*) => {
        $(
            #[doc = concat!("The kind `", $word, "`.")]
            pub mod $module;
        )*
    };
}

for_each_channel_kind!(modules);

pub(super) use for_each_channel_kind;

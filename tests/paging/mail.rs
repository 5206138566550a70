//! Mail: one thread, whatever happens.

use std::collections::BTreeMap;

use salve::channel::ChannelSettings;
use salve::channel::kinds::smtp::Tls;
use salve::playbook::value::Period;

use crate::bench::{Bench, DEDUP, call, end, private, run, seen};
use crate::smtpd::{Fate, header, serve};

pub fn through_failures() {
    run(async {
        let fates = [
            Fate::Busy,
            Fate::Says("RCPT", "451 try again later"),
            Fate::Half,
            Fate::Closed("DATA"),
            Fate::Silent("MAIL"),
        ];
        let (settings, server) = serve(fates).await;
        let mut bench = Bench::new(ChannelSettings::Smtp(settings));
        bench.outbox.send(call(1));
        bench.outbox.send(seen(2));
        bench.outbox.send(end(3));
        assert_eq!(bench.flushed().await, [1, 2, 3]);
        let server = server.lock().unwrap();
        assert!(server.fates.is_empty());
        // what came twice is the same message: by its name a mailbox folds it
        let by_id: BTreeMap<String, &String> =
            server.mails.iter().map(|mail| (header(mail, "Message-ID").unwrap(), mail)).collect();
        assert_eq!((by_id.len(), server.mails.len()), (3, 4), "{:?}", by_id.keys());
        let states: Vec<&String> = server.mails.iter().collect();
        let subject = |mail: &str| header(mail, "Subject").unwrap();
        assert!(states.iter().all(|mail| header(mail, "X-Salve-Dedup").as_deref() == Some(DEDUP)));
        assert!(states.iter().all(|mail| header(mail, "Auto-Submitted").as_deref() == Some("auto-generated")));
        let root = header(states[0], "Message-ID").unwrap();
        assert_eq!(header(states[0], "References"), None);
        for mail in &states[2..] {
            assert_eq!(
                (header(mail, "References"), header(mail, "In-Reply-To")),
                (Some(root.clone()), Some(root.clone()))
            );
        }
        let shown: Vec<String> = [states[0], states[2], states[3]].map(|mail| subject(mail)).into();
        for (subject, state) in shown.iter().zip(["open", "acknowledged", "resolved"]) {
            assert!(subject.contains(&format!("[salve] db-1: unit nginx.service: {state}")), "{shown:?}");
        }
        let notes = bench.notes();
        for due in [
            "it answered 421 too busy",
            "it answered 451 try again later",
            "no answer in time",
            "delivered after retries",
        ] {
            assert!(notes.contains(due), "{due}: {notes}");
        }
    });
}

pub fn refused() {
    run(async {
        let (settings, server) = serve([Fate::Says("RCPT", "550 5.1.1 no such mailbox")]).await;
        let mut bench = Bench::new(ChannelSettings::Smtp(settings));
        bench.outbox.send(call(1));
        assert_eq!(bench.flushed().await, [1]);
        let notes = bench.notes();
        assert!(notes.contains("rejected permanently") && notes.contains("no such mailbox"), "{notes}");
        assert!(bench.ticket().contains("Channel duty rejected this page permanently"));
        assert!(server.lock().unwrap().mails.is_empty());
    });
}

pub fn wrong_password() {
    run(async {
        let (mut settings, server) = serve([Fate::Says("AUTH", "535 5.7.8 authentication failed")]).await;
        let folder = tempfile::TempDir::new().unwrap();
        settings.user = Some("salve".into());
        settings.password_file = Some(private(&folder, "password", "s3cret-password\n"));
        settings.timeout = Period::from_secs(5);
        let mut bench = Bench::new(ChannelSettings::Smtp(settings));
        bench.outbox.send(call(1));
        let note = bench.note().await;
        assert!(note.contains("535") && note.contains("retrying every few minutes"), "{note}");
        assert!(!note.contains("s3cret"), "{note}");
        assert_eq!(bench.outbox.pending(), 1, "it is not given up");
        let said = server.lock().unwrap().said.join("\n");
        assert!(said.contains("AUTH PLAIN") && !said.contains("MAIL"), "{said}");
    });
}

pub fn no_downgrade() {
    run(async {
        // a server, or somebody in between, that offers no STARTTLS
        let (mut settings, server) = serve([]).await;
        settings.tls = Tls::Starttls;
        let folder = tempfile::TempDir::new().unwrap();
        settings.user = Some("salve".into());
        settings.password_file = Some(private(&folder, "password", "s3cret-password\n"));
        let mut bench = Bench::new(ChannelSettings::Smtp(settings.clone()));
        bench.outbox.send(call(1));
        let note = bench.note().await;
        assert!(note.contains("STARTTLS"), "{note}");
        let said = server.lock().unwrap().said.join("\n");
        assert!(said.lines().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{said}");
        // and no mail in the clear leaves this host, whatever the settings say
        settings.tls = Tls::None;
        settings.server = "mail.example.net".into();
        let mut bench = Bench::new(ChannelSettings::Smtp(settings));
        bench.outbox.send(call(1));
        let note = bench.note().await;
        assert!(note.contains("in the clear"), "{note}");
    });
}

pub fn endless() {
    run(async {
        let (mut settings, server) = serve([Fate::Endless]).await;
        settings.timeout = Period::from_secs(30);
        let mut bench = Bench::new(ChannelSettings::Smtp(settings));
        bench.outbox.send(call(1));
        assert_eq!(bench.flushed().await, [1], "the next try goes well");
        let notes = bench.notes();
        assert!(notes.contains("more than 262144 bytes were sent"), "{notes}");
        // What the sockets hold on the way counts as taken, too.
        let taken = server.lock().unwrap().taken;
        assert!(taken < 16 << 20, "{taken} bytes were taken of a line without end");
    });
}

//! The journal's native protocol, heard by a socket of this test's own.

use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;

use salve::channel::ChannelSettings;
use salve::channel::kinds::journald::JournaldSettings;
use tempfile::TempDir;

use crate::bench::{Bench, DEDUP, call, end, run};

/// An entry's fields: `NAME=value` lines, and names with a length and a value behind them.
fn fields_of(entry: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut rest = entry;
    while let Some(newline) = rest.iter().position(|byte| *byte == b'\n') {
        let (name, value) = (String::from_utf8(rest[..newline].to_vec()).unwrap(), &rest[newline + 1..]);
        let length = usize::try_from(u64::from_le_bytes(value[..8].try_into().unwrap())).unwrap();
        fields.insert(name, String::from_utf8(value[8..8 + length].to_vec()).unwrap());
        assert_eq!(value[8 + length], b'\n');
        rest = &value[9 + length..];
    }
    assert!(rest.is_empty());
    fields
}

pub fn fields() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        let mut bench = Bench::new(ChannelSettings::Journald(JournaldSettings { socket: path }));
        let mut page = call(1);
        page.title = "two\nlines\nPRIORITY=0".into();
        page.evidence = vec![salve::evidence::Evidence { title: "log".into(), body: "ä".repeat(600_000).into() }];
        bench.outbox.send(page);
        bench.outbox.send(end(2));
        assert_eq!(bench.flushed().await, [1, 2]);
        let mut entries = Vec::new();
        for _ in 0..2 {
            let mut block = vec![0; 1 << 20];
            let count = socket.recv(&mut block).unwrap();
            entries.push(fields_of(&block[..count]));
        }
        let (call, end) = (&entries[0], &entries[1]);
        assert_eq!((&*call["SALVE_DEDUP"], &*end["SALVE_DEDUP"]), (DEDUP, DEDUP));
        assert_eq!((&*call["SALVE_KIND"], &*end["SALVE_KIND"]), ("trigger", "resolve"));
        assert_eq!((&*call["PRIORITY"], &*end["PRIORITY"], &*call["SYSLOG_IDENTIFIER"]), ("3", "5", "salve"));
        assert!(call["MESSAGE"].starts_with("db-1: two lines PRIORITY=0"), "{}", call["MESSAGE"]);
        let id = |entry: &BTreeMap<String, String>| entry["MESSAGE_ID"].clone();
        assert!(id(call) != id(end) && id(call).len() == 32 && id(call).chars().all(|c| c.is_ascii_hexdigit()));
        assert!(call["SALVE_REPORT"].len() <= 48 << 10 && call["SALVE_REPORT"].contains("**Open**"));
    });
}

pub fn missing() {
    run(async {
        let settings = JournaldSettings { socket: "/nonexistent/journal".into() };
        let mut bench = Bench::new(ChannelSettings::Journald(settings));
        bench.outbox.send(call(1));
        let note = bench.note().await;
        assert!(note.contains("there is no journald here") && note.contains("/nonexistent/journal"), "{note}");
    });
}

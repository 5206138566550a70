//! What a journal promises, on a real file.

mod round_trip;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::core::{Event, Mono};
use crate::playbook::value::Period;

fn mark(mono: u64) -> ClockMark {
    ClockMark { boot_id: "b00t".into(), boottime: 10_000 + mono, mono: Mono(mono) }
}

fn note(seq: u64) -> Arc<Recorded> {
    Arc::new(Recorded {
        seq,
        mono: Mono(seq * 100),
        wall: Timestamp::from_second(1_800_000_000).unwrap(),
        event: Event::Notice { about: "test".into(), text: format!("note {seq}").into() },
    })
}

fn commit(journal: &Journal, seqs: impl IntoIterator<Item = u64>) -> Result<(), RecordError> {
    let records: Vec<_> = seqs.into_iter().map(note).collect();
    let at = records.last().map_or(0, |last| last.mono.0);
    journal.commit(records, mark(at)).blocking_recv().unwrap()
}

/// A closed journal with records 1 to `last`.
fn journal_of(last: u64) -> TempDir {
    let folder = TempDir::new().unwrap();
    let opened = Journal::open(folder.path()).unwrap();
    commit(&opened.journal, 1..=last).unwrap();
    opened.journal.close();
    folder
}

fn tamper(folder: &TempDir, sql: &str) {
    Connection::open(folder.path().join("journal.db")).unwrap().execute_batch(sql).unwrap();
}

fn breakage(folder: &TempDir) -> Broken {
    let broken = JournalReader::open(folder.path()).unwrap().verify().unwrap_err();
    // whoever would write on a broken chain is refused with the same words
    match Journal::open(folder.path()).unwrap_err() {
        OpenError::Broken { broken: same, .. } => assert_eq!(same, broken),
        other => panic!("{other}"),
    }
    broken
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let folder = TempDir::new().unwrap();
    let opened = Journal::open(folder.path()).unwrap();
    assert!(opened.events.is_empty() && opened.mark.is_none());
    commit(&opened.journal, 1..=3).unwrap();
    commit(&opened.journal, 4..=4).unwrap();
    opened.journal.close();
    let again = Journal::open(folder.path()).unwrap();
    assert_eq!(again.events, (1..=4).map(note).collect::<Vec<_>>());
    assert_eq!(again.mark, Some(mark(400)));
    commit(&again.journal, 5..=5).unwrap();
}

#[test]
fn the_mark_moves_on_without_records_and_never_back() {
    let folder = journal_of(2);
    let journal = Journal::open(folder.path()).unwrap().journal;
    journal.mark(mark(60_000));
    journal.mark(mark(50_000));
    journal.close();
    let opened = Journal::open(folder.path()).unwrap();
    assert_eq!(opened.mark, Some(mark(60_000)));
    // neither where it comes in another transaction
    opened.journal.mark(mark(55_000));
    opened.journal.close();
    assert_eq!(Journal::open(folder.path()).unwrap().mark, Some(mark(60_000)));
}

#[test]
fn a_record_that_does_not_follow_is_refused_and_harms_nothing() {
    let folder = journal_of(2);
    let journal = Journal::open(folder.path()).unwrap().journal;
    assert_eq!(commit(&journal, [4]), Err(RecordError::OutOfOrder { expected: 3, found: 4 }));
    assert_eq!(commit(&journal, [3, 5]), Err(RecordError::OutOfOrder { expected: 4, found: 5 }));
    commit(&journal, [3]).unwrap();
    commit(&journal, []).unwrap();
}

#[test]
fn many_commits_at_once_are_all_durable_and_in_order() {
    let folder = TempDir::new().unwrap();
    let journal = Journal::open(folder.path()).unwrap().journal;
    let answers: Vec<_> = (1..=2000).map(|seq| journal.commit(vec![note(seq)], mark(seq))).collect();
    for answer in answers {
        answer.blocking_recv().unwrap().unwrap();
    }
    let reader = JournalReader::open(folder.path()).unwrap();
    assert_eq!(reader.verify().unwrap().records, 2000);
    assert_eq!(reader.events_after(1998).unwrap(), [(*note(1999)).clone(), (*note(2000)).clone()]);
}

#[test]
fn a_second_writer_is_told_who_holds_the_folder() {
    let folder = TempDir::new().unwrap();
    let _held = Journal::open(folder.path()).unwrap();
    match Journal::open(folder.path()).unwrap_err() {
        OpenError::Held { pid, what, .. } => {
            assert_eq!(pid, std::process::id());
            assert!(!what.is_empty());
        }
        other => panic!("{other}"),
    }
}

#[test]
fn the_folder_is_ours_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = TempDir::new().unwrap();
    let state = parent.path().join("deep/state");
    Journal::open(&state).unwrap();
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    Journal::open(&state).unwrap();
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&state, Some(65534), None).unwrap();
        assert!(matches!(Journal::open(&state).unwrap_err(), OpenError::NotOurs { owner: 65534, .. }));
    }
}

#[test]
fn an_altered_record_is_found() {
    for change in [
        "UPDATE record SET body = replace(body, 'note 3', 'note x') WHERE seq = 3",
        "UPDATE record SET mono = mono + 1 WHERE seq = 3",
        "UPDATE record SET wall = '2020-01-01T00:00:00Z' WHERE seq = 3",
        "UPDATE record SET boottime = 0 WHERE seq = 3",
        "UPDATE record SET kind = 'intent' WHERE seq = 3",
        "UPDATE record SET incident = 7 WHERE seq = 3",
        "UPDATE record SET hash = zeroblob(32) WHERE seq = 3",
    ] {
        let folder = journal_of(5);
        tamper(&folder, change);
        assert_eq!(breakage(&folder), Broken { seq: 3, why: Breakage::Altered }, "{change}");
    }
}

#[test]
fn a_missing_record_is_found() {
    let folder = journal_of(5);
    tamper(&folder, "DELETE FROM record WHERE seq IN (2, 3)");
    assert_eq!(breakage(&folder), Broken { seq: 2, why: Breakage::Gap { next: 4 } });
}

#[test]
fn moved_records_are_found() {
    for (one, other) in [(2, 4), (2, 3), (1, 2), (4, 5)] {
        let folder = journal_of(5);
        tamper(
            &folder,
            &format!(
                "UPDATE record SET seq = 99 WHERE seq = {one}; UPDATE record SET seq = {one} WHERE seq = {other};
                 UPDATE record SET seq = {other} WHERE seq = 99;"
            ),
        );
        assert_eq!(breakage(&folder), Broken { seq: one, why: Breakage::Reordered { recorded_as: other } });
    }
}

#[test]
fn a_cut_off_end_is_found() {
    let folder = journal_of(5);
    tamper(&folder, "DELETE FROM record WHERE seq > 3");
    let broken = breakage(&folder);
    assert_eq!(broken, Broken { seq: 4, why: Breakage::Truncated { last: 5 } });
    assert_eq!(broken.to_string(), "record 4 is missing, with all up to record 5: the end was cut off");
    let folder = journal_of(5);
    tamper(&folder, "DELETE FROM head");
    assert_eq!(breakage(&folder), Broken { seq: 5, why: Breakage::Head });
}

#[test]
fn what_is_no_journal_is_refused_and_left_alone() {
    type Check = fn(&OpenError) -> bool;
    let cases: [(&[u8], Check); 3] = [
        (b"", |error| matches!(error, OpenError::Damaged { .. })),
        (b"not a database at all", |error| matches!(error, OpenError::Damaged { .. })),
        (&[0; 8192], |error| matches!(error, OpenError::Damaged { .. })),
    ];
    for (bytes, is) in cases {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("journal.db"), bytes).unwrap();
        let error = Journal::open(folder.path()).unwrap_err();
        assert!(is(&error), "{error}");
        assert_eq!(fs::read(folder.path().join("journal.db")).unwrap(), bytes);
    }
}

#[test]
fn other_layouts_and_other_files_are_refused_and_left_alone() {
    let folder = journal_of(2);
    tamper(&folder, "PRAGMA user_version = 9");
    let before = fs::read(folder.path().join("journal.db")).unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::OtherVersion { found: 9, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("journal.db has layout 9, and this salve knows layout 1"), "{error}");
    assert_eq!(fs::read(folder.path().join("journal.db")).unwrap(), before);
    tamper(&folder, "PRAGMA application_id = 0");
    assert!(matches!(Journal::open(folder.path()).unwrap_err(), OpenError::Foreign { .. }));
    assert!(matches!(JournalReader::open(folder.path()).unwrap_err(), ReadError::Open(OpenError::Foreign { .. })));
}

#[test]
fn damage_inside_is_refused_and_never_written_over() {
    let folder = journal_of(200);
    let path = folder.path().join("journal.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. } | OpenError::Broken { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(JournalReader::open(folder.path()).unwrap().verify().is_err());
}

#[test]
fn a_lost_file_beside_its_log_is_not_taken_for_a_new_journal() {
    let folder = TempDir::new().unwrap();
    let opened = Journal::open(folder.path()).unwrap();
    commit(&opened.journal, 1..=3).unwrap();
    let copy = TempDir::new().unwrap();
    fs::copy(folder.path().join("journal.db-wal"), copy.path().join("journal.db-wal")).unwrap();
    assert!(matches!(Journal::open(copy.path()).unwrap_err(), OpenError::Damaged { .. }));
}

#[test]
fn a_reader_looks_while_a_writer_writes_and_afterwards() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(JournalReader::open(folder.path()).unwrap_err(), ReadError::None { .. }));
    let opened = Journal::open(folder.path()).unwrap();
    commit(&opened.journal, 1..=2).unwrap();
    let reader = JournalReader::open(folder.path()).unwrap();
    assert_eq!(reader.events().unwrap().len(), 2);
    commit(&opened.journal, [3]).unwrap();
    assert_eq!(reader.verify().unwrap().records, 3);
    drop(reader);
    commit(&opened.journal, [4]).unwrap();
    opened.journal.close();
    let reader = JournalReader::open(folder.path()).unwrap();
    let verified = reader.verify().unwrap();
    assert_eq!((verified.records, verified.head.len()), (4, 64));
    let mut lines = Vec::new();
    assert_eq!(reader.export(&mut lines).unwrap(), 4);
    let last: serde_json::Value = serde_json::from_slice(lines.split(|byte| *byte == b'\n').nth(3).unwrap()).unwrap();
    assert_eq!(last["event"]["noted"]["text"], "note 4");
    assert_eq!(last["hash"], *verified.head);
}

#[test]
fn a_follower_sees_what_is_there_and_each_record_that_comes() {
    let folder = TempDir::new().unwrap();
    let opened = Journal::open(folder.path()).unwrap();
    commit(&opened.journal, 1..=3).unwrap();
    let reader = JournalReader::open(folder.path()).unwrap();
    let (mut whole, mut followed) = (Vec::new(), Vec::new());
    let mut looks = 0;
    let records = reader.follow(&mut followed, || {
        looks += 1;
        match looks {
            2 => commit(&opened.journal, 4..=5).unwrap(),
            4 => commit(&opened.journal, 6..=6).unwrap(),
            _ => {}
        }
        looks < 7
    });
    assert_eq!((records.unwrap(), reader.export(&mut whole).unwrap()), (6, 6));
    assert_eq!(String::from_utf8(followed).unwrap(), String::from_utf8(whole).unwrap());
    // a record that does not follow from the last one that was written ends it
    opened.journal.close();
    let tampered = reader.follow(Vec::new(), || {
        tamper(&folder, "DELETE FROM record WHERE seq > 4; UPDATE head SET seq = 4");
        true
    });
    let Err(ReadError::Broken(broken)) = tampered else { panic!("{tampered:?}") };
    assert!(broken.to_string().contains('6'), "{broken}");
}

#[test]
fn readings_are_kept_on_change_and_pruned() {
    let folder = TempDir::new().unwrap();
    let reading = |mono: u64, seen: &str| KeptReading {
        subject: "filesystem /".into(),
        mono: Mono(mono),
        wall: Timestamp::from_second(1_800_000_000).unwrap(),
        observation: seen.into(),
    };
    let journal = Journal::open(folder.path()).unwrap().journal;
    for (mono, seen) in [(1, "80%"), (2, "80%"), (3, "81%"), (4, "81%"), (5, "80%")] {
        journal.keep(reading(mono, seen));
    }
    journal.close();
    let kept = |since| JournalReader::open(folder.path()).unwrap().readings("filesystem /", Mono(since)).unwrap();
    assert_eq!(kept(0), [reading(1, "80%"), reading(3, "81%"), reading(5, "80%")]);
    assert_eq!(kept(4), [reading(5, "80%")]);
    let journal = Journal::open(folder.path()).unwrap().journal;
    journal.keep(reading(6, "80%"));
    journal.keep(reading(2_592_000_004, "90%"));
    journal.close();
    assert_eq!(kept(0), [reading(5, "80%"), reading(2_592_000_004, "90%")]);
    let journal = Journal::open(folder.path()).unwrap().journal;
    journal.retain(Retention { age: Period::from_secs(86_400_000), rows: 2 });
    journal.keep(reading(2_592_000_005, "91%"));
    journal.close();
    assert_eq!(kept(0), [reading(2_592_000_004, "90%"), reading(2_592_000_005, "91%")]);
}

/// Bytes of the folder that a journal must not leave behind when it is closed in order.
#[test]
fn closing_leaves_no_log_behind() {
    let folder = journal_of(3);
    let log = |folder: &Path| fs::metadata(folder.join("journal.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log(folder.path()), 0);
}

/// What a crash leaves behind, had the log been removed before the next start: the database as it was written back
/// last, and the mark.
fn crashed_without_log(folder: &TempDir) -> TempDir {
    let left = TempDir::new().unwrap();
    for name in ["journal.db", "journal.head"] {
        fs::copy(folder.path().join(name), left.path().join(name)).unwrap();
    }
    left
}

#[test]
fn records_lost_with_the_log_are_called_lost_and_their_numbers_are_not_given_out_in_silence() {
    let folder = journal_of(3);
    let journal = Journal::open(folder.path()).unwrap().journal;
    commit(&journal, 4..=6).unwrap();
    let left = crashed_without_log(&folder);
    let broken = JournalReader::open(left.path()).unwrap().verify().unwrap_err();
    assert_eq!(broken, Broken { seq: 4, why: Breakage::Lost { last: 6 } });

    let opened = Journal::open(left.path()).unwrap();
    assert_eq!(opened.events[..3], (1..=3).map(note).collect::<Vec<_>>());
    assert_eq!(opened.events[3].event, Event::RecordsLost { first: 4, last: 6 });
    assert_eq!(opened.events[3].seq, 4);
    commit(&opened.journal, 5..=5).unwrap();
    opened.journal.close();
    assert_eq!(JournalReader::open(left.path()).unwrap().verify().unwrap().records, 5);
    assert_eq!(Journal::open(left.path()).unwrap().events.len(), 5, "it is recorded once");
}

#[test]
fn a_journal_that_was_moved_aside_begins_with_what_was_lost() {
    let folder = journal_of(3);
    fs::remove_file(folder.path().join("journal.db")).unwrap();
    let opened = Journal::open(folder.path()).unwrap();
    assert_eq!(opened.events.len(), 1);
    assert_eq!(opened.events[0].event, Event::RecordsLost { first: 1, last: 3 });
}

#[test]
fn a_mark_that_is_older_than_the_database_is_no_loss() {
    let folder = journal_of(3);
    let old = fs::read(folder.path().join("journal.head")).unwrap();
    let journal = Journal::open(folder.path()).unwrap().journal;
    commit(&journal, 4..=6).unwrap();
    journal.close();
    fs::write(folder.path().join("journal.head"), old).unwrap();
    assert_eq!(Journal::open(folder.path()).unwrap().events.len(), 6);
    // as before there was one
    fs::remove_file(folder.path().join("journal.head")).unwrap();
    assert_eq!(Journal::open(folder.path()).unwrap().events.len(), 6);
}

#[test]
fn another_journal_in_the_place_of_the_former_is_refused() {
    let (folder, other) = (journal_of(3), TempDir::new().unwrap());
    let journal = Journal::open(other.path()).unwrap().journal;
    let mut records: Vec<_> = (1..=4).map(note).collect();
    Arc::make_mut(&mut records[0]).event = Event::Notice { about: "test".into(), text: "another".into() };
    journal.commit(records, mark(400)).blocking_recv().unwrap().unwrap();
    journal.close();
    fs::copy(other.path().join("journal.db"), folder.path().join("journal.db")).unwrap();
    assert_eq!(breakage(&folder), Broken { seq: 3, why: Breakage::Replaced });
}

/// Waits until the journal says by itself that it cannot write.
fn failure(journal: &Journal) -> String {
    for _ in 0..600 {
        if let Some(error) = journal.failure() {
            return error.to_string();
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("nothing was noticed");
}

#[test]
fn a_folder_that_is_replaced_while_it_is_open_is_noticed_and_never_written_again() {
    let outer = TempDir::new().unwrap();
    let (state, aside) = (outer.path().join("state"), outer.path().join("aside"));
    let journal = Journal::open(&state).unwrap().journal;
    commit(&journal, 1..=2).unwrap();
    assert_eq!(journal.failure(), None);
    fs::rename(&state, &aside).unwrap();
    assert!(failure(&journal).contains("was removed while salve had it open"));
    let refused = commit(&journal, 3..=3).unwrap_err();
    assert!(matches!(refused, RecordError::Poisoned(_)), "{refused}");
    // whoever comes now begins in a folder of its own, and the former one does not touch it
    let second = Journal::open(&state).unwrap();
    assert!(second.events.is_empty());
    commit(&second.journal, 1..=1).unwrap();
    let refused = commit(&journal, 3..=3).unwrap_err();
    assert!(matches!(refused, RecordError::Poisoned(_)), "{refused}");
    journal.close();
    assert_eq!(Journal::open(&aside).unwrap().events.len(), 2);
}

#[test]
fn a_log_that_is_removed_while_it_is_open_costs_no_record() {
    let folder = TempDir::new().unwrap();
    let journal = Journal::open(folder.path()).unwrap().journal;
    commit(&journal, 1..=3).unwrap();
    fs::remove_file(folder.path().join("journal.db-wal")).unwrap();
    let refused = commit(&journal, 4..=4).unwrap_err();
    assert!(refused.to_string().contains("journal.db-wal was removed"), "{refused}");
    journal.close();
    let opened = Journal::open(folder.path()).unwrap();
    assert_eq!(opened.events, (1..=3).map(note).collect::<Vec<_>>());
}

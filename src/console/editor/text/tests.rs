use super::*;

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

#[test]
fn a_file_keeps_its_line_ends() {
    for text in ["a = 1\r\nb = 2\r\n", "a = 1\nb = 2\n", "no end", ""] {
        assert_eq!(TextBuffer::new(text).whole(), text);
    }
}

#[test]
fn what_was_typed_can_be_taken_back_step_by_step() {
    let mut text = TextBuffer::new("");
    for sign in "title = 1".chars() {
        text.key(key(KeyCode::Char(sign)));
    }
    text.key(key(KeyCode::Enter));
    assert_eq!(text.whole(), "title = 1\n");
    while text.undo() {}
    assert_eq!(text.whole(), "");
    while text.redo() {}
    assert_eq!(text.whole(), "title = 1\n");
}

#[test]
fn search_goes_around_and_ignores_case() {
    let mut text = TextBuffer::new("Unit\nüunit unit\nother");
    assert!(text.find("unit", SearchDirection::Here));
    assert_eq!(text.cursor(), (0, 0));
    let found: Vec<_> = (0..3).map(|_| (text.find("unit", SearchDirection::On), text.cursor()).1).collect();
    assert_eq!(found, [(1, 1), (1, 6), (0, 0)]);
    assert!(text.find("UNIT", SearchDirection::Back));
    assert_eq!(text.cursor(), (1, 6));
    assert!(!text.find("nowhere", SearchDirection::On));
    assert_eq!(text.cursor(), (1, 6));
}

#[test]
fn a_line_is_cut_and_put_elsewhere() {
    let mut text = TextBuffer::new("one\ntwo\nthree");
    text.cut_line();
    assert_eq!(text.whole(), "two\nthree");
    text.down(1);
    assert!(text.put());
    assert_eq!(text.whole(), "two\none\nthree");
    text.go(9, 9);
    text.cut_line();
    assert_eq!(text.whole(), "two\none\n");
}

#[test]
fn another_text_is_one_step_back() {
    let mut text = TextBuffer::new("one\ntwo\n");
    text.set("three\n");
    assert_eq!(text.whole(), "three\n");
    assert!(text.undo());
    assert_eq!(text.whole(), "one\ntwo\n");
    assert!(text.redo());
    assert_eq!(text.whole(), "three\n");
}

#[test]
fn a_text_of_many_lines_is_taken_and_stays_in_reach() {
    let mut text = TextBuffer::new("");
    text.insert(&"[[detect.checks]]\n".repeat(10_000));
    assert_eq!(text.lines().len(), 10_001);
    text.go(9_000, 3);
    text.show_cursor(10);
    assert_eq!((text.cursor(), text.top), ((9_000, 3), 8_991));
    text.down(isize::MIN);
    text.show_cursor(10);
    assert_eq!((text.cursor(), text.top), ((0, 3), 0));
    assert!(text.undo());
    assert_eq!(text.whole(), "");
}

#[test]
fn words_are_replaced_in_their_line() {
    let mut text = TextBuffer::new("kind = \"pin\"\n");
    text.replace(8..11, "ping");
    assert_eq!((text.whole().as_str(), text.cursor()), ("kind = \"ping\"\n", (0, 12)));
    assert!(text.undo());
    assert_eq!(text.whole(), "kind = \"pin\"\n");
    text.replace(8..11, "tcp");
    assert_eq!(text.whole(), "kind = \"tcp\"\n");
}

//! Whatever stands in a file: reading it never panics, every mistake can be drawn, and a playbook comes out exactly
//! where nothing is an error.

use proptest::prelude::*;
use salve::playbook::Origin;
use salve::playbook::read::{ParsedFile, read};

const GOOD: [&str; 4] = [
    include_str!("good/nginx.toml"),
    include_str!("good/root-filesystem.toml"),
    include_str!("good/everything.toml"),
    include_str!("good/host.toml"),
];

fn holds(text: &str) -> ParsedFile {
    let read = read("f.toml", "f", Origin::Shipped, text);
    let rejected = read.diagnostics.iter().any(salve::playbook::Diagnostic::is_error);
    assert_eq!(read.playbook.is_none(), rejected, "{text}\n{:?}", read.diagnostics);
    for found in read.diagnostics.iter().take(20) {
        assert!(found.line >= 1 && found.column >= 1 && !found.message.is_empty());
        let drawn = found.render(text, false);
        assert!(drawn.contains(found.rule.code()));
        assert!(!drawn.contains(['\x1b', '\u{202e}', '\u{9b}']), "{drawn}");
    }
    read
}

/// Pieces that a file may be made of, right or wrong.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{ unit = \"restart\" }".to_owned()),
        Just("[[remediate]]\n".to_owned()),
        Just("[detect]\n".to_owned()),
        Just("= 30\n".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("[".to_owned()),
        Just("}".to_owned()),
        Just("\u{202e}\x1b[2J".to_owned()),
        "[a-z_]{1,8}",
        "[\"'=.,{}\\[\\]#\\n ]{1,4}",
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        holds(&text);
    }

    #[test]
    fn any_pieces_are_read(pieces in prop::collection::vec(piece(), 0..60)) {
        holds(&pieces.concat());
    }

    #[test]
    fn a_good_file_with_a_wound_is_read(
        which in 0..GOOD.len(), at in 0.0f64..1.0, cut in 0usize..40, put in prop::collection::vec(piece(), 0..3)
    ) {
        let good = GOOD[which];
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
        let start = good.floor_char_boundary((at * good.len() as f64) as usize);
        let end = good.ceil_char_boundary((start + cut).min(good.len()));
        holds(&format!("{}{}{}", &good[..start], put.concat(), &good[end..]));
    }

    #[test]
    fn a_good_file_with_a_line_elsewhere_is_read(which in 0..GOOD.len(), from in 0usize..60, to in 0usize..60) {
        let mut lines: Vec<&str> = GOOD[which].lines().collect();
        let line = lines.remove(from % lines.len());
        lines.insert(to % lines.len(), line);
        holds(&lines.join("\n"));
    }

    #[test]
    fn values_are_exchanged(which in 0..GOOD.len(), nth in 0usize..40, value in "[-0-9a-z<>=% .]{0,6}") {
        let mut parts: Vec<&str> = GOOD[which].split('"').collect();
        let inside = (nth * 2 + 1) % parts.len();
        parts[inside] = &value;
        holds(&parts.join("\""));
    }
}

#[test]
fn what_is_nested_without_end_is_refused() {
    for (open, close) in [("[", "]"), ("{ a = ", "}"), ("[", "")] {
        holds(&format!("title = {}1{}", open.repeat(9000), close.repeat(9000)));
    }
    holds(&format!("a{} = 1", ".a".repeat(20_000)));
    holds(&format!("[a{}]\n", ".a".repeat(20_000)));
    holds(&"[[a]]\n".repeat(10_000));
    holds(&"x = 1\n".repeat(10_000));
    let keys: Vec<String> = (0..6000).map(|n| format!("k{n} = 1\n")).collect();
    assert!(holds(&keys.concat()).diagnostics.len() <= 200);
}

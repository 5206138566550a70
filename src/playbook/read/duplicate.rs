//! A key that stands twice in its table: what was meant, and how that is written.

use crate::playbook::check::Check;

/// The right form in place of the two lines; `second` is where the second key stands, in bytes.
pub fn help(text: &str, second: usize) -> String {
    const ONE: &str = "keep one of the two";
    let (before, after) = text.split_at(text.floor_char_boundary(second.min(text.len())));
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    if line.trim_start().starts_with('[') {
        return header(line);
    }
    let key: String = after.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).collect();
    let section = before.rfind("\n[").map_or(before, |start| &before[start..]);
    let first = section.lines().find_map(|line| value(line, &key));
    match (key.as_str(), first, value(line, &key)) {
        ("target", Some(one), Some(two)) if one != two => format!("write targets = [{one}, {two}]"),
        ("to" | "attach" | "needs" | "do" | "targets", Some(one), Some(two)) => match (inside(one), inside(two)) {
            (Some(one), Some(two)) => format!("write {key} = [{one}, {two}]"),
            _ => ONE.into(),
        },
        (kind, Some(one), Some(two))
            if Check::KINDS.contains(&kind) && one.starts_with('{') && two.starts_with('{') =>
        {
            format!("write {kind} = [{one}, {two}]: several checks of one kind are a list")
        }
        (kind, ..) if Check::KINDS.contains(&kind) => {
            format!("several checks of one kind are a list: write {kind} = [{{ … }}, {{ … }}], in place of both")
        }
        _ => ONE.into(),
    }
}

/// A section that stands twice.
fn header(line: &str) -> String {
    let name = line.trim().trim_matches(['[', ']']).trim();
    match name {
        "remediate" => "write [[remediate]], with two brackets, above each rung".into(),
        _ => format!("keep one [{name}], and put the lines of both below it"),
    }
}

/// What stands behind `key =` on a line, where all of it does.
fn value<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let rest = line.trim_start().strip_prefix(key)?.trim_start().strip_prefix('=')?.trim();
    let end = match rest.chars().next()? {
        '{' => rest.rfind('}')?,
        '[' => rest.rfind(']')?,
        _ => return None,
    };
    Some(&rest[..=end])
}

fn inside(list: &str) -> Option<&str> {
    Some(list.strip_prefix('[')?.strip_suffix(']')?.trim())
}

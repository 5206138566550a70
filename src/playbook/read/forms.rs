//! The right form of a figure that was written without its sign, its unit, or both: that of an example which may stand
//! there, with the figure that was meant.

/// Values that may stand there, as a help lists them; none where no example compares with a figure.
pub fn of(written: &str, examples: &[String]) -> Option<String> {
    let forms: Vec<ComparisonText<'_>> = examples.iter().filter_map(|example| ComparisonText::of(example)).collect();
    let Some(figure) = figure(written) else {
        let all: Vec<String> = examples.iter().take(2).map(|example| format!("{example:?}")).collect();
        return (!all.is_empty()).then(|| all.join(" or "));
    };
    let first = forms.first()?;
    let sign = ["<=", ">=", "<", ">", "="].into_iter().find(|sign| written.trim().starts_with(sign));
    // what is meant in bytes says so, what is too much for a share is none
    let fits = |form: &&ComparisonText<'_>| match form.unit {
        "%" => figure.parse::<f64>().is_ok_and(|figure| figure <= 100.0) && !names_bytes(written),
        unit => unit.ends_with('B') == names_bytes(written) || !names_bytes(written),
    };
    let share = forms.iter().find(|form| form.unit == "%").filter(|_| written.contains('%'));
    let form = share.or_else(|| forms.iter().find(fits)).unwrap_or(first);
    // a length of time is written in whole units
    let parts = form.unit.is_empty() || form.unit.ends_with(['%', 'B']);
    let figure = if parts { figure } else { figure.split('.').next().unwrap_or(figure) };
    let figure = if fits(&form) && figure != "0" { figure } else { form.figure };
    let with = |sign: &str| format!("\"{sign} {figure}{}\"", form.unit);
    Some(match sign {
        Some(sign) => with(sign),
        None => format!("{} or {}", with(form.sign), with(if form.sign.starts_with('>') { "<" } else { ">" })),
    })
}

/// A comparison in its parts: `> 85%`.
#[derive(Debug, Clone, Copy)]
struct ComparisonText<'e> {
    sign: &'e str,
    figure: &'e str,
    unit: &'e str,
}

impl<'e> ComparisonText<'e> {
    fn of(example: &'e str) -> Option<Self> {
        let start = example.find(|c: char| c.is_ascii_digit())?;
        let sign = example[..start].trim();
        let rest = &example[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let compares = ["<", ">", "<=", ">=", "="].contains(&sign);
        compares.then_some(Self { sign, figure: &rest[..end], unit: &rest[end..] })
    }
}

/// The first figure of a text.
fn figure(written: &str) -> Option<&str> {
    let start = written.find(|c: char| c.is_ascii_digit())?;
    let rest = &written[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches('.'))
}

/// Does it speak of bytes: `5GB`, `5 gigabytes`, `100 MB`?
fn names_bytes(written: &str) -> bool {
    let unit = written.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).to_lowercase();
    unit.starts_with(['k', 'm', 'g', 't', 'p', 'b']) && (unit.contains('b') || unit.len() == 1)
        || unit.starts_with("gig")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_gets_the_sign_and_the_unit_of_what_is_measured() {
        let form = |written: &str, examples: &[&str]| {
            of(written, &examples.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
        };
        let room = ["> 85%", "> 50GiB"];
        assert_eq!(form("85", &room).as_deref(), Some("\"> 85%\" or \"< 85%\""));
        assert_eq!(form("85 percent", &room).as_deref(), Some("\"> 85%\" or \"< 85%\""));
        assert_eq!(form("5 GB", &room).as_deref(), Some("\"> 5GiB\" or \"< 5GiB\""));
        assert_eq!(form("< 180%", &room).as_deref(), Some("\"< 85%\""));
        assert_eq!(form("> 500", &room).as_deref(), Some("\"> 500GiB\""));
        assert_eq!(form("< 200", &["< 500ms", "> 2s"]).as_deref(), Some("\"< 200ms\""));
        assert_eq!(form("full", &room).as_deref(), Some("\"> 85%\" or \"> 50GiB\""));
        assert_eq!(form("30", &["30s", "10m"]), None, "a period has a grammar of its own");
        assert_eq!(form("", &["root", "not root"]).as_deref(), Some("\"root\" or \"not root\""));
    }
}

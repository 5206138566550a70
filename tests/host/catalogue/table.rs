//! The table in the catalogue's page, from what the scenarios measured: `SALVE_BLESS=1 cargo test --test host --
//! catalogue` writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{ALL, Case, End};
use crate::image;

const BEGIN: &str = "<!-- the catalogue, by `SALVE_BLESS=1 cargo test --test host -- catalogue` -->\n";
const END: &str = "<!-- the catalogue ends -->\n";

fn folder() -> PathBuf {
    image::folder().join("rows")
}

/// Keeps what a case measured, in milliseconds from the fault.
pub fn row(case: &Case, detected: u64, healed: Option<u64>) {
    fs::create_dir_all(folder()).unwrap();
    let ends = match case.end {
        End::Healed => "healed",
        End::HealedAfterYes => "healed after a yes",
        End::Ticket { .. } => "a ticket with its evidence",
    };
    let row = json!({
        "playbook": case.playbook, "fault": case.fault, "verified": case.verified, "detected": detected, "healed": healed, "ends": ends,
    });
    fs::write(folder().join(format!("{}.json", case.playbook)), row.to_string()).unwrap();
}

/// Writes the table where every case has a row; says which have none.
pub fn write() {
    let rows: Vec<Value> = fs::read_dir(folder())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| serde_json::from_str(&fs::read_to_string(entry.path()).ok()?).ok())
        .collect();
    let names = ALL.iter().map(|(name, _)| name.trim_start_matches("catalogue_").replace('_', "-"));
    let mut table =
        String::from("| playbook | fault | detected after | healed after | verified by |\n|---|---|---|---|---|\n");
    for name in names {
        let Some(row) = rows.iter().find(|row| row["playbook"] == *name) else {
            eprintln!("the catalogue's table stays as it is: {name} has not run yet");
            return;
        };
        let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let seconds = |key: &str| {
            row[key].as_u64().map(|ms| format!("{:.1} s", std::time::Duration::from_millis(ms).as_secs_f64()))
        };
        let healed = match (seconds("healed"), word("ends").as_str()) {
            (Some(after), "healed after a yes") => format!("{after}, with a yes"),
            (Some(after), _) => after,
            (None, _) => "somebody is paged".to_owned(),
        };
        let (fault, verified) = (word("fault"), word("verified"));
        let detected = seconds("detected").unwrap_or_default();
        let _ = writeln!(table, "| `{name}` | {fault} | {detected} | {healed} | {verified} |");
    }
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("playbooks/README.md");
    let page = fs::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for the table");
    let (_, after) = rest.split_once(END).expect("the place ends");
    fs::write(file, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
}

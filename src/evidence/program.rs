//! A program's output. Its placeholders are filled inside their one argument, and no shell sees them.

use std::time::Duration;

use super::gathered::Gathered;
use crate::host::child::{ChildExit, Job};
use crate::playbook::Target;
use crate::playbook::placeholder::{self, Placeholders};
use crate::playbook::value::Template;

const DEADLINE: Duration = Duration::from_secs(30);
const LARGEST: usize = 128 << 10;

pub(super) async fn gather(words: &[Template], target: &Target) -> Gathered {
    let values = Placeholders { target: target.clone(), incident: None, pid: None };
    let filled = placeholder::arguments(words, &values).map_err(|error| error.to_string())?;
    let (name, args) = filled.split_first().ok_or("no program is named")?;
    let job = Job { keep: LARGEST, ..Job::new(name.as_str(), args.to_vec(), DEADLINE) };
    let ran = job.run().await.map_err(|error| error.to_string())?;
    match ran.ended {
        ChildExit::Exit(0) => Ok(ran.output.text()),
        ended => Ok(format!("{}\n[{ended}]", ran.output.text().trim_end())),
    }
}

//! A program's output. Its placeholders are filled inside their one argument, and no shell sees them.

use std::time::Duration;

use super::Gathered;
use crate::host::child::{Ended, Job, run};
use crate::host::program;
use crate::playbook::Target;
use crate::playbook::placeholder::{self, Placeholders};
use crate::playbook::value::Template;

const DEADLINE: Duration = Duration::from_secs(30);
const LARGEST: usize = 128 << 10;

pub(super) async fn gather(words: &[Template], target: &Target) -> Gathered {
    let values = Placeholders { target: target.clone(), incident: None, pid: None };
    let filled = placeholder::arguments(words, &values).map_err(|error| error.to_string())?;
    let (name, args) = filled.split_first().ok_or("no program is named")?;
    let program = program::find(name, program::ANSWERS_WITHIN).await.map_err(|error| error.to_string())?;
    let job = Job {
        program: program.path,
        args: args.to_vec(),
        env: Vec::new(),
        stdin: Vec::new(),
        deadline: DEADLINE,
        keep: LARGEST,
    };
    let ran = run(job).await.map_err(|error| format!("{name} could not be started: {error}"))?;
    match ran.ended {
        Ended::Exit(0) => Ok(ran.output),
        ended => Ok(format!("{}\n[{ended}]", ran.output.trim_end())),
    }
}

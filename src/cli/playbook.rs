//! `salve playbook list | show | check | plan | backtest | new | kinds | schema | arm | disarm`.

pub(super) mod backtest;
pub(super) mod kinds;
pub(super) mod new;
pub(super) mod plan;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::args::{Common, PlaybookVerb};
use super::exit::Failure;
use super::live::status;
use super::output::{json, stream};
use super::{connect, runtime};
use crate::check::Monitor;
use crate::core::Command;
use crate::engine::Settings;
use crate::engine::snapshot::{Arming, DetectorView, Health, PlaybookState};
use crate::foreign::{self, MayHang};
use crate::host::Clock;
use crate::playbook::library::{self, Library};
use crate::playbook::lint::cross_check::cross_check;
use crate::playbook::lint::host_check::{self, Resting};
use crate::playbook::read::{MAX_BYTES, ParsedFile, read};
use crate::playbook::{Diagnostic, Origin, Playbook, schema};
use crate::text::clean_line;

pub fn run(common: &Common, verb: PlaybookVerb) -> Result<ExitCode, Failure> {
    match verb {
        PlaybookVerb::List { json } => list(common, json),
        PlaybookVerb::Show { name } => show(common, &name),
        PlaybookVerb::Check { files, json } => check(common, &files, json),
        PlaybookVerb::Plan { file } => plan::run(common, &file),
        PlaybookVerb::Backtest { file, since, json } => backtest::run(common, &file, since, json),
        PlaybookVerb::New { class, target, name } => new::run(class.as_deref(), target.as_deref(), name.as_deref()),
        PlaybookVerb::Schema => {
            stream::json(&format!("{:#}", schema::schema()));
            Ok(ExitCode::SUCCESS)
        }
        PlaybookVerb::Kinds { name } => kinds::run(name.as_deref()),
        PlaybookVerb::Arm { name } => connect::command(common, Command::Arm { playbook: name.into() }),
        PlaybookVerb::Disarm { name } => connect::command(common, Command::Disarm { playbook: name.into() }),
    }
}

fn list(common: &Common, as_json: bool) -> Result<ExitCode, Failure> {
    let snapshot = status::snapshot(common)?;
    if as_json {
        json::print(json::Playbooks { playbooks: &snapshot.playbooks })?;
        return Ok(ExitCode::SUCCESS);
    }
    for playbook in &snapshot.playbooks {
        let origin = match &playbook.origin {
            Origin::Shipped => "shipped".into(),
            Origin::System(path) | Origin::User(path) | Origin::Folder(path) => path.display().to_string(),
        };
        match &playbook.state {
            PlaybookState::InForce { title, risk, mode, in_force, arming, needs_root: _ } => {
                let standing = match arming {
                    _ if absent(&snapshot.detectors, &playbook.name).is_some() => "n/a".to_owned(),
                    Arming::Armed => in_force.to_string(),
                    Arming::Shadow => format!("{in_force} (arm: {mode})"),
                    Arming::AsksFirst => format!("{in_force} first (arm: {mode})"),
                };
                let why =
                    absent(&snapshot.detectors, &playbook.name).map_or_else(String::new, |why| format!(" ({why})"));
                println!("{:<24} {standing:<20} risk {risk:<7} {title}{why}  [{origin}]", playbook.name);
            }
            PlaybookState::Rejected { former_in_force, .. } => {
                let former = if *former_in_force { "; its last valid version is in force" } else { "" };
                println!("{:<24} rejected{former}; see `salve playbook check`  [{origin}]", playbook.name);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Why a playbook watches nothing on this host: all of its targets are missing, or do not apply.
fn absent<'d>(detectors: &'d [DetectorView], playbook: &str) -> Option<&'d str> {
    let mut own = detectors.iter().filter(|detector| *detector.playbook == *playbook);
    let mut first = None;
    own.all(|detector| match &detector.health {
        Health::NotApplicable(why) | Health::Unresolved(why) => {
            first.get_or_insert(&**why);
            true
        }
        Health::Asks
        | Health::Escalated(_)
        | Health::Held(_)
        | Health::Broken
        | Health::Fixing { .. }
        | Health::Verifying { .. }
        | Health::Pending
        | Health::Unknown(_)
        | Health::Waiting
        | Health::Ok => false,
    })
    .then_some(first)?
}

fn show(common: &Common, name: &str) -> Result<ExitCode, Failure> {
    let library = common.library();
    let Some(found) = library.found.iter().find(|found| *found.name == *name) else {
        return Err(unknown(&library, name));
    };
    stream::text(&found.source);
    Ok(ExitCode::SUCCESS)
}

/// No playbook has that name; the nearest one is offered.
pub fn unknown(library: &Library, name: &str) -> Failure {
    let near = library
        .found
        .iter()
        .max_by(|a, b| strsim::jaro(&a.name, name).total_cmp(&strsim::jaro(&b.name, name)))
        .map_or_else(String::new, |found| format!("; did you mean `{}`?", found.name));
    Failure::Said(format!("playbook `{name}` not found{near} (`salve playbook list` shows all)"))
}

fn check(common: &Common, files: &[PathBuf], as_json: bool) -> Result<ExitCode, Failure> {
    let mut read_files = Vec::new();
    for file in files {
        let (text, mut read) = read_file(file)?;
        let armed = file.parent() == Some(&common.paths().system.join("playbooks"));
        if let Some(playbook) = &mut read.playbook {
            playbook.origin = if armed { Origin::System(file.clone()) } else { Origin::User(file.clone()) };
        }
        read_files.push((file, text, read));
    }
    let neighbours = Neighbours::of(common, read_files.iter().filter_map(|(.., read)| read.playbook.as_ref()));
    let mut wrong = false;
    let mut all = Vec::new();
    for (file, text, mut read) in read_files {
        neighbours.judge(file, &mut read);
        if let Some(playbook) = &read.playbook {
            read.diagnostics.extend(host_check::host_check(&file.display().to_string(), playbook, &resting(playbook)?));
        }
        wrong |= read.playbook.is_none();
        if as_json {
            all.extend(read.diagnostics);
            continue;
        }
        for diagnostic in &read.diagnostics {
            stream::drawn_error(|colour| format!("{}\n", diagnostic.render(&text, colour)));
        }
        match read.playbook {
            Some(playbook) => println!("{}: accepted: {}", file.display(), playbook.title),
            None => println!("{}: rejected", file.display()),
        }
    }
    if as_json {
        json::print(json::Diagnostics { diagnostics: all })?;
    }
    Ok(if wrong { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// The units that a playbook's detector asks about and that rest on this host; none where systemd does not answer.
pub fn resting(playbook: &Playbook) -> Result<Resting, Failure> {
    if host_check::asked(playbook).next().is_none() {
        return Ok(Resting::new());
    }
    let dead = (mpsc::unbounded_channel(), mpsc::unbounded_channel(), mpsc::unbounded_channel());
    runtime::build()?.block_on(async {
        let hub = Monitor::new(Clock::starting(), dead.0.0, dead.1.0, dead.2.0);
        Ok(hub.resting(playbook).await.unwrap_or_default())
    })
}

/// What a file is judged beside: the playbooks that it may need, and the channels that it may call.
struct Neighbours {
    playbooks: Vec<Arc<Playbook>>,
    channels: Option<Arc<BTreeSet<String>>>,
}

impl Neighbours {
    /// Those in force on this host, and the files that are checked along. Settings that cannot be read name no channel,
    /// and none is missed then: `salve doctor` tells of them.
    fn of<'p>(common: &Common, along: impl Iterator<Item = &'p Playbook>) -> Self {
        let mut playbooks: Vec<Arc<Playbook>> = along.cloned().map(Arc::new).collect();
        playbooks.extend(common.library().in_force());
        let channels = Settings::read(&common.settings_file()).ok().map(|settings| settings.channel_names());
        Self { playbooks, channels }
    }

    fn judge(&self, file: &Path, read: &mut ParsedFile) {
        let Some(playbook) = &read.playbook else { return };
        let name = file.display().to_string();
        read.diagnostics.extend(cross_check(&name, playbook, &self.playbooks, self.channels.as_deref()));
        if read.diagnostics.iter().any(Diagnostic::is_error) {
            read.playbook = None;
        }
    }
}

/// A file's text, and what reading it as a playbook came to.
pub fn read_file(file: &Path) -> Result<(String, ParsedFile), Failure> {
    let may_hang = MayHang::because("a verb that reads the file it was given has nothing else to do");
    let most = MAX_BYTES as u64;
    let bytes = foreign::read::bytes(file, most, &may_hang).map_err(|refusal| Failure::Said(refusal.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::Said(format!("{}: not UTF-8 at byte {}", file.display(), error.utf8_error().valid_up_to()))
    })?;
    let name = library::name_of(file);
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let read = read(&clean_line(&file.display().to_string()), &name, Origin::Folder(folder), &text);
    Ok((text, read))
}

//! `salve demo`: the console on stand-ins, its tour, the tour's recording; and what its children and playbooks call.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::cli::args::Screen;
use crate::cli::exit::Failure;
use crate::cli::output::logs;
use crate::cli::runtime;
use crate::console::options::{EngineAt, Options, Writing};
use crate::console::{self, Caption};
use crate::demo::actor::{self, ActorRole, DemoPart};
use crate::demo::{self, DemoFolder, DemoStage, RecordedFrame, cue};
use crate::engine::settings::HostBudget;
use crate::engine::{self, Handle, Settings, operator};
use crate::host::paths::Paths;
use crate::playbook::library::Sources;
use crate::playbook::value::Period;

/// The size of a recording, in columns and rows.
const FILM: (u16, u16) = (110, 32);

/// A tour that has ended the console says so within this time.
const LAST_WORD: Duration = Duration::from_millis(300);

/// Opens the console on stand-ins; with `tour` it plays by itself, with `record` into a file instead of a terminal.
pub fn run(screen: &Screen, tour: bool, record: Option<&Path>) -> Result<ExitCode, Failure> {
    // before any thread: children that the demo starts want a plain beginning
    let folder = DemoFolder::make().map_err(Failure::demo)?;
    let stage = Arc::new(DemoStage::set(folder.path()).map_err(Failure::demo)?);
    let runtime = runtime::build()?;
    let _logs = logs::into(&folder.path().join("state"));
    let running = {
        let _inside = runtime.enter();
        engine::start(options(folder.path()))?
    };
    let handle = running.handle.clone();
    let (caption, said) = watch::channel(Caption::default());
    let (chosen, mut faults) = mpsc::unbounded_channel();
    let played = console::DemoHooks {
        faults: demo::ALL.iter().map(|(_, what)| Arc::from(*what)).collect(),
        chosen,
        caption: said,
    };
    let shown = Options {
        read_only: screen.read_only,
        ascii: screen.ascii.then_some(true),
        theme: screen.theme.clone(),
        config: folder.path().join("config"),
        drafts: folder.path().join("state/drafts"),
        engine: EngineAt::Embedded,
        writing: Writing::Here,
        bell: false,
        stage: Some(played),
    };
    let breaks = Arc::clone(&stage);
    let menu = runtime.spawn(async move {
        while let Some(at) = faults.recv().await {
            if let Some((fault, _)) = demo::ALL.get(at) {
                breaks.make(*fault);
            }
        }
    });
    let ended = match (record, tour) {
        (Some(file), _) => film(file, &handle, &stage, &caption, &shown, &runtime),
        (None, true) => toured(&handle, &stage, caption, shown, &runtime),
        (None, false) => console::run(handle.clone(), shown, runtime.handle()).map(drop).map_err(Into::into),
    };
    runtime.block_on(running.stop());
    // it holds the stage, whose end is the children's
    menu.abort();
    let _ = runtime.block_on(menu);
    drop(stage);
    ended.map(|()| ExitCode::SUCCESS)
}

/// The tour on the screen. Who quits it early has seen enough.
fn toured(
    handle: &Handle,
    stage: &Arc<DemoStage>,
    caption: watch::Sender<Caption>,
    shown: Options,
    runtime: &Runtime,
) -> Result<(), Failure> {
    let (guided, plays) = (handle.clone(), Arc::clone(stage));
    let mut tour = runtime.spawn(async move { demo::play(&guided, &plays, &caption, &mut |_| ()).await });
    console::run(handle.clone(), shown, runtime.handle())?;
    runtime.block_on(async {
        if let Ok(played) = tokio::time::timeout(LAST_WORD, &mut tour).await {
            return played.unwrap_or(Ok(())).map_err(Failure::demo);
        }
        tour.abort();
        // it holds the stage
        let _ = tour.await;
        Ok(())
    })
}

/// The tour without a screen, as a film; what is said is printed as it goes.
fn film(
    file: &Path,
    handle: &Handle,
    stage: &DemoStage,
    caption: &watch::Sender<Caption>,
    shown: &Options,
    runtime: &Runtime,
) -> Result<(), Failure> {
    let (mut stills, mut wrong, mut said) = (Vec::new(), None, Arc::<str>::from(""));
    let mut seen = |frame: RecordedFrame| {
        if frame.caption != said {
            println!("{}", frame.caption);
            said = Arc::clone(&frame.caption);
        }
        match console::still(&frame.snapshot, FILM, shown) {
            Ok(still) => stills.push((still, 2.5)),
            Err(error) => wrong = Some(error),
        }
    };
    runtime.block_on(demo::play(handle, stage, caption, &mut seen)).map_err(Failure::demo)?;
    if let Some(error) = wrong {
        return Err(error.into());
    }
    std::fs::write(file, console::film(FILM, &stills))
        .map_err(|source| Failure::demo(format!("{}: {source}", file.display())))?;
    println!("recorded to {}: {} frames", file.display(), stills.len());
    Ok(())
}

/// Everything below one folder; nothing of this host's own.
fn options(folder: &Path) -> engine::Options {
    let paths = Paths {
        state: folder.join("state"),
        config: folder.join("config"),
        system: folder.join("system"),
        runtime: folder.join("run"),
    };
    let settings = Settings {
        boot_grace: Some(Period::from_secs(0)),
        host_budget: Some(HostBudget { attempts: 100, window: Period::from_secs(600) }),
        ..Settings::default()
    };
    let sources = Sources { folder: Some(folder.join("playbooks")), ..Sources::default() };
    engine::Options { paths, sources, settings, operator: operator::of_this_process() }
}

/// `demo-actor`: one child.
pub fn play(name: &str, demo: i32, port: u16, folder: PathBuf) -> ExitCode {
    DemoPart::named(name).map_or(ExitCode::FAILURE, |part| actor::play(&ActorRole { part, folder, demo, port }))
}

/// `demo-cue`: what a playbook of the demo runs.
pub fn cue(what: &str, words: &[String]) -> Result<ExitCode, Failure> {
    let unknown = || Failure::demo(format!("there is no cue `{what}` with {} words", words.len()));
    match (what, words) {
        ("restart", [part, folder]) => {
            let part = DemoPart::named(part.split('.').next().unwrap_or_default()).ok_or_else(unknown)?;
            cue::restart(Path::new(folder), part).map_err(Failure::demo)?;
            Ok(ExitCode::SUCCESS)
        }
        ("room", [folder]) => {
            let percent = cue::room(Path::new(folder)).map_err(Failure::demo)?;
            println!("{percent}% used");
            Ok(if percent < 80 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        ("clean", [folder]) => {
            println!("{} files deleted", cue::clean(Path::new(folder)).map_err(Failure::demo)?);
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(unknown()),
    }
}

//! What a console may ask about the host besides the engine's state. Looking is slow, so the engine's loop has no part
//! in it: each question is answered on a thread of its own, and nothing is run or recorded.

pub mod target_candidates;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};

use self::target_candidates::Offer;
use super::backtest::backtest;
use super::options::Options;
use super::reload::playbook_files;
use super::standalone::dry_run::{self, Rehearsal};
use crate::playbook::library::Library;
use crate::playbook::write::WantedTarget;
use crate::playbook::{Origin, read};

/// No look takes longer; every check has a shorter deadline of its own.
const PATIENCE: Duration = Duration::from_mins(1);
/// Questions that wait.
const WAITING: usize = 16;

/// A question and the way back for its answer.
#[derive(Debug)]
pub enum HostQuery {
    /// What would this playbook do now?
    Rehearse { name: Arc<str>, text: Arc<str>, tell: mpsc::UnboundedSender<Rehearsing> },
    /// What is there that a playbook could be about?
    Offers { wanted: WantedTarget, answer: oneshot::Sender<Vec<Offer>> },
}

/// How a rehearsal goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Rehearsing {
    /// This is looked at now.
    Looking(Arc<str>),
    /// The end: what each target would see, or why there is nothing to see.
    Done(Result<Vec<Rehearsal>, Arc<str>>),
}

/// A dry run tells of the past for so long.
const LATELY: Duration = Duration::from_hours(24);

/// Answers questions until nobody can ask any more; needs a runtime.
#[must_use]
pub fn answers(options: Options) -> mpsc::Sender<HostQuery> {
    let (ask, mut asked) = mpsc::channel(WAITING);
    let options = Arc::new(options);
    tokio::spawn(async move {
        while let Some(question) = asked.recv().await {
            let (options, here) = (Arc::clone(&options), runtime::Handle::current());
            // folding the journal blocks
            tokio::task::spawn_blocking(move || here.block_on(answer(&options, question)));
        }
    });
    ask
}

async fn answer(options: &Options, question: HostQuery) {
    match question {
        HostQuery::Rehearse { name, text, tell } => {
            let done = tokio::select! {
                () = tell.closed() => return,
                done = tokio::time::timeout(PATIENCE, rehearsal(options, &name, &text, &tell)) => done,
            };
            let _ = tell.send(Rehearsing::Done(done.unwrap_or_else(|_| {
                Err(format!("the host did not answer within {} seconds", PATIENCE.as_secs()).into())
            })));
        }
        HostQuery::Offers { wanted, answer } => {
            let _ = answer.send(target_candidates::offers(wanted).await);
        }
    }
}

async fn rehearsal(
    options: &Options,
    name: &str,
    text: &str,
    tell: &mpsc::UnboundedSender<Rehearsing>,
) -> Result<Vec<Rehearsal>, Arc<str>> {
    let origin = origin(options, name, text).await;
    let read = read::read(&format!("{name}.toml"), name, origin, text);
    let Some(playbook) = read.playbook.map(Arc::new) else {
        let errors = read.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let mistakes = if errors == 1 { "a mistake".to_owned() } else { format!("{errors} errors") };
        return Err(format!("it has {mistakes}, so there is nothing to try").into());
    };
    let looking = |what: String| {
        let _ = tell.send(Rehearsing::Looking(what.into()));
    };
    let rehearsed = dry_run::rehearse(options, &playbook, &looking).await;
    let mut rehearsals = rehearsed.map_err(|error| Arc::from(error.to_string()))?;
    looking("what was read of late".into());
    // where nothing was kept there is nothing to tell
    if let Ok(past) = backtest(options, &playbook, LATELY).await {
        rehearsals.push(Rehearsal::Past(Box::new(past)));
    }
    Ok(rehearsals)
}

/// Whose word the text would be once it is saved: that decides whether it would act, ask or only look.
async fn origin(options: &Options, name: &str, text: &str) -> Origin {
    let library = playbook_files::reload(Library::default(), &options.sources).await;
    let saved = library.found.iter().find(|found| *found.name == *name);
    let own = || Origin::User(options.paths.config.join("playbooks").join(format!("{name}.toml")));
    match saved.map(|found| (&found.origin, &found.source)) {
        // a changed text of what ships with salve would be saved as the user's copy
        Some((Origin::Shipped, source)) if **source != *text => own(),
        Some((origin, _)) => origin.clone(),
        None => own(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Operator;
    use crate::engine::Settings;
    use crate::host::paths::Paths;
    use crate::playbook::library::Sources;

    const WRITTEN: &str = include_str!("../../playbooks/disk-pressure.toml");

    fn options(folder: &std::path::Path) -> Options {
        let paths = Paths { state: folder.join("state"), config: folder.join("config"), ..Paths::of_this_user() };
        let operator = Operator { uid: 0, name: "root".into(), ..Operator::default() };
        let sources = Sources { shipped: true, ..Sources::default() };
        Options { paths, sources, settings: Settings::default(), operator }
    }

    async fn asked(text: &str) -> (Vec<Arc<str>>, Option<Result<Vec<Rehearsal>, Arc<str>>>) {
        let folder = tempfile::tempdir().unwrap();
        let ask = answers(options(folder.path()));
        let (tell, mut told) = mpsc::unbounded_channel();
        ask.send(HostQuery::Rehearse { name: "disk-pressure".into(), text: text.into(), tell }).await.unwrap();
        let (mut looked, mut end) = (Vec::new(), None);
        while let Some(step) = told.recv().await {
            match step {
                Rehearsing::Looking(at) => looked.push(at),
                Rehearsing::Done(done) => end = Some(done),
            }
        }
        assert!(!folder.path().join("state").exists(), "nothing is recorded");
        (looked, end)
    }

    #[tokio::test]
    async fn a_text_is_rehearsed_and_says_what_it_looks_at() {
        let (looked, end) = asked(WRITTEN).await;
        assert!(looked.len() > 2 && &*looked[0] == "the journal", "{looked:?}");
        assert_eq!(end.unwrap().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_gate_judges_it_as_it_would_stand_once_saved() {
        for (text, wanted) in [(WRITTEN.to_owned(), "shadow"), (format!("{WRITTEN}# mine\n"), "approval")] {
            match &asked(&text).await.1.unwrap().unwrap()[..] {
                [Rehearsal::Here { gate, .. }] => assert!(gate.contains(wanted), "{gate}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_text_with_mistakes_is_not_tried() {
        let (looked, end) = asked("title = 3\n").await;
        assert!(looked.is_empty());
        let why = end.unwrap().unwrap_err();
        assert!(why.contains("so there is nothing to try"), "{why}");
    }
}

//! From a typed line to sentences and commands; pure. A yes has the rules of the request's page: everything was said
//! before, the lines were quiet for a moment, and where the risk is high the target's name is typed.

use super::super::view::request_lines;
use super::stand;
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::content::{format, rows};
use crate::console::keys::guard::QUIET;
use crate::console::model::review::{RequestState, Review};
use crate::console::options::EngineAt;
use crate::core::{Command, IncidentId, Reason, Scope};
use crate::playbook::Risk;
use crate::playbook::value::Period;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Out {
    /// Print these words for the operator.
    Say(String),
    /// Say this, and forget what was typed before it was said.
    Ask(String),
    /// Ask the engine, unless another line follows at once.
    Send(Command),
    /// End the console with the line that was just typed.
    Quit,
}

/// What the next line answers.
#[derive(Debug, Clone, Default)]
enum PromptState {
    /// Nothing was asked: a line is a command.
    #[default]
    Idle,
    /// Several requests wait: the next line names one of these incidents.
    Which(Vec<IncidentId>),
    /// Yes or no?
    Request(Box<Review>),
    /// The request of this incident is declined: the next line gives the reason.
    Reason(IncidentId),
    /// The end of healing?
    Quit,
}

/// The one who takes the lines.
#[derive(Debug, Clone)]
pub struct Prompter {
    state: PromptState,
    read_only: bool,
    engine: EngineAt,
}

const CHOICES: &str = "1 approve, 2 decline, 3 show the plan again, 4 go back";
const CHOICES_READ_ONLY: &str = "3 show the plan again, 4 go back (read-only console)";

impl Prompter {
    /// Nothing was asked yet.
    #[must_use]
    pub fn new(read_only: bool, engine: EngineAt) -> Self {
        Self { state: PromptState::Idle, read_only, engine }
    }

    /// How to begin.
    #[must_use]
    pub fn help(&self) -> String {
        let acts = if self.read_only { "" } else { " p 30m pauses for 30 minutes, p pauses until resumed, r resumes," };
        format!("Enter shows the host status, a reviews what awaits approval,{acts} q quits, h shows this help.")
    }

    /// Is a request's page open? Only then can a line approve something.
    #[must_use]
    pub fn decides(&self) -> bool {
        matches!(self.state, PromptState::Request(_))
    }

    /// What was asked has been said, all of it.
    pub fn said(&mut self, at: ConsoleTime) {
        if let PromptState::Request(review) = &mut self.state {
            review.guard.saw(0, 1, 1, at);
        }
    }

    /// Takes a line in.
    pub fn line(&mut self, line: &str, world: &ViewContext<'_>) -> Vec<Out> {
        if line.chars().any(char::is_control) {
            return vec![Out::Say("that line holds control characters and was ignored: type it".into())];
        }
        let line = line.trim();
        match std::mem::take(&mut self.state) {
            PromptState::Idle => self.command(line, world),
            PromptState::Which(ids) => self.which(line, &ids, world),
            PromptState::Request(review) => self.answer(line, review, world),
            PromptState::Reason(incident) => {
                vec![Out::Send(Command::Decline { incident, reason: line.into() })]
            }
            PromptState::Quit if line == "quit" => vec![Out::Quit],
            PromptState::Quit => vec![Out::Say("not quitting".into())],
        }
    }

    /// The end of input, or an operator who wants to leave.
    pub fn quit(&mut self) -> Vec<Out> {
        if !self.engine.is_embedded() {
            return vec![Out::Quit];
        }
        self.state = PromptState::Quit;
        vec![Out::Ask("Remediation runs inside this console. Type quit to stop it; anything else continues.".into())]
    }

    /// Takes up what became of the request that is looked at.
    pub fn follow(&mut self, world: &ViewContext<'_>) -> Vec<Out> {
        let PromptState::Request(review) = &mut self.state else { return Vec::new() };
        let before = review.request.clone();
        review.follow(rows::incident(world.snapshot, review.incident).map(AsRef::as_ref));
        match review.standing {
            RequestState::Gone => {
                let words = format!("request {} is no longer open; nothing was approved here", review.incident);
                self.state = PromptState::Idle;
                vec![Out::Ask(words)]
            }
            _ if before.plan.digest != review.request.plan.digest || before.generation != review.request.generation => {
                let words = format!("The plan changed. This is the new plan.\n{}", page(review, self.read_only, world));
                vec![Out::Ask(words)]
            }
            _ => Vec::new(),
        }
    }

    fn command(&mut self, line: &str, world: &ViewContext<'_>) -> Vec<Out> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let acts = !self.read_only;
        match (verb, rest.trim()) {
            ("", _) => vec![Out::Say(stand(world).join("\n"))],
            ("a", which) => self.review(which, world),
            ("p", length) if acts => pause(length),
            ("r", "") if acts => match world.snapshot.pauses.first() {
                Some(pause) => vec![Out::Send(Command::Resume { scope: pause.scope.clone() })],
                None => vec![Out::Say("nothing is paused".into())],
            },
            ("q" | "quit", "") => self.quit(),
            ("h" | "?" | "help", _) => vec![Out::Say(self.help())],
            ("p" | "r", _) if !acts => vec![Out::Say("this console is read-only".into())],
            _ => vec![Out::Say(format!("unknown command `{line}`. {}", self.help()))],
        }
    }

    /// The request of this number, else the only one, else a question which.
    fn review(&mut self, which: &str, world: &ViewContext<'_>) -> Vec<Out> {
        let requests = rows::requests(world.snapshot);
        let wanted = which.trim_start_matches('#');
        let chosen = match (&requests[..], wanted) {
            ([], _) => return vec![Out::Say("nothing awaits approval".into())],
            ([(only, _)], "") => Some(only.id),
            (_, "") => {
                let ids: Vec<IncidentId> = requests.iter().map(|(incident, _)| incident.id).collect();
                let choices = requests.iter().enumerate().map(|(index, (incident, request))| {
                    let left = format::left(request.expires, world.mono);
                    format!("{} {} on {}, expires in {left}", index + 1, incident.id, incident.key.target)
                });
                let choices = choices.collect::<Vec<_>>().join("\n");
                self.state = PromptState::Which(ids);
                return vec![Out::Ask(format!("{choices}\nWhich one? Type its number, or Enter for none:"))];
            }
            (_, wanted) => requests.iter().map(|(incident, _)| incident.id).find(|id| id.0.to_string() == wanted),
        };
        match chosen {
            Some(id) => self.open(id, world),
            None => vec![Out::Say(format!("{which} does not await approval"))],
        }
    }

    fn which(&mut self, line: &str, ids: &[IncidentId], world: &ViewContext<'_>) -> Vec<Out> {
        let index = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match index.and_then(|index| ids.get(index)) {
            Some(id) => self.open(*id, world),
            None => vec![Out::Say("none chosen".into())],
        }
    }

    fn open(&mut self, id: IncidentId, world: &ViewContext<'_>) -> Vec<Out> {
        let review = rows::incident(world.snapshot, id).and_then(|incident| Review::of(incident));
        let Some(review) = review else { return vec![Out::Say(format!("request {id} is no longer open"))] };
        let words = page(&review, self.read_only, world);
        self.state = PromptState::Request(Box::new(review));
        vec![Out::Ask(words)]
    }

    fn answer(&mut self, line: &str, mut review: Box<Review>, world: &ViewContext<'_>) -> Vec<Out> {
        let open = review.guard.is_open(world.at, QUIET);
        review.guard.pressed(world.at);
        let acts = !self.read_only;
        match (line, &review.naming) {
            ("", Some(_)) => vec![Out::Say("cancelled: nothing was approved".into())],
            (_, Some(_)) if !open => {
                self.again(review, "too quick: nothing was approved; wait a moment and type the name again")
            }
            (name, Some(_)) if name == &*review.target => vec![Out::Send(review.yes())],
            (_, Some(_)) => {
                let words =
                    format!("that is not {}: nothing was approved. Type the name, or Enter to cancel:", review.target);
                self.again(review, words)
            }
            ("1", None) if acts && !open => {
                self.again(review, "too quick: nothing was approved; wait a moment and type it again")
            }
            ("1", None) if acts && review.risk == Risk::High => {
                let words = format!("High risk. Type {} to approve, or Enter to cancel:", review.target);
                review.naming = Some(String::new());
                self.again(review, words)
            }
            ("1", None) if acts => vec![Out::Send(review.yes())],
            ("2", None) if acts => {
                self.state = PromptState::Reason(review.incident);
                vec![Out::Ask("Reason? It is recorded with your name; Enter alone declines without a reason:".into())]
            }
            ("3", None) => {
                let words = page(&review, self.read_only, world);
                self.again(review, words)
            }
            ("4" | "q", None) => vec![Out::Say("the request stays open".into())],
            (_, None) => {
                let words = format!("nothing was approved. {}", choices(&review, self.read_only));
                self.again(review, words)
            }
        }
    }

    fn again(&mut self, review: Box<Review>, words: impl Into<String>) -> Vec<Out> {
        self.state = PromptState::Request(review);
        vec![Out::Ask(words.into())]
    }
}

fn pause(length: &str) -> Vec<Out> {
    let length = match length {
        "" => None,
        length => match length.parse::<Period>() {
            Ok(length) => Some(length),
            Err(error) => return vec![Out::Say(format!("not paused: {error}"))],
        },
    };
    vec![Out::Send(Command::Pause { scope: Scope::Host, length, reason: Reason::default() })]
}

/// Everything that the request's page shows, and what can be answered.
fn page(review: &Review, read_only: bool, world: &ViewContext<'_>) -> String {
    let head = format!("Request {} on {}, {} risk", review.incident, review.written, review.risk);
    let lines = request_lines(review, world).into_iter().map(|line| line.bare().trim().to_owned());
    let lines = lines.filter(|line| !line.is_empty());
    let foot = choices(review, read_only);
    [head].into_iter().chain(lines).chain([foot]).collect::<Vec<_>>().join("\n")
}

fn choices(review: &Review, read_only: bool) -> String {
    let choices = if read_only { CHOICES_READ_ONLY } else { CHOICES };
    let digest: String = review.request.plan.digest.to_string().chars().take(12).collect();
    format!("{choices}; digest {digest}:")
}

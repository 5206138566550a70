//! The playbooks of one world, as files on a shelf: in force, renamed, changed, removed, not resolving.

use std::sync::Arc;

use salve::core::id::Key;
use salve::core::machine::input::{ArmingPolicy, Binding, Resolution};
use salve::playbook::action::{UnitAction, UnitVerb};
use salve::playbook::check::{FilesystemCheck, UnitCheck};
use salve::playbook::value::{DayWindow, Period, UnitState, WantedState};
use salve::playbook::{
    Action, BreakerLimits, Check, ContentKey, Detect, Escalate, Flapping, Mode, Need, NeededTarget, Origin, Playbook,
    Risk, Rung, Target, TargetSpec, Verify,
};

use crate::rng::Rng;

/// One file.
#[derive(Debug)]
pub struct File {
    /// Its content now.
    pub playbook: Arc<Playbook>,
    /// Indices of the targets that it names.
    pub targets: Vec<usize>,
    /// Targets (of those) that do not resolve at the moment.
    pub unresolved: Vec<usize>,
    pub standing: ArmingPolicy,
    pub removed: bool,
    family: usize,
    version: usize,
}

#[derive(Debug)]
pub struct Shelf {
    pub files: Vec<File>,
    /// Each target's canonical name.
    pub targets: Vec<Target>,
}

impl Shelf {
    /// A spread of playbooks over these targets.
    pub fn random(rng: &mut Rng) -> Self {
        let count = rng.pick(&[1, 2, 3, 5, 5, 6, 8]);
        let targets: Vec<Target> = (0..count).map(|index| target(rng, index)).collect();
        let mut shelf = Self { files: Vec::new(), targets };
        for family in 0..rng.pick(&[1, 1, 2, 2, 3, 4]) {
            let mut named: Vec<usize> = (0..count).filter(|_| rng.permille(600)).collect();
            if named.is_empty() {
                named.push(rng.index(count));
            }
            let standing = match rng.below(10) {
                0 => ArmingPolicy::ShadowUntilArmed,
                1 | 2 => ArmingPolicy::AsksFirst,
                _ => ArmingPolicy::AsWritten,
            };
            let needs = (family > 0 && rng.permille(200)).then(|| need(&shelf, rng.index(family)));
            let mut playbook = playbook(rng, family, 0, &shelf.targets, &named);
            playbook.needs.extend(needs);
            shelf.files.push(File {
                playbook: Arc::new(playbook),
                targets: named,
                unresolved: Vec::new(),
                standing,
                removed: false,
                family,
                version: 0,
            });
        }
        shelf
    }

    /// One playbook on one unit, as given.
    pub fn one(playbook: Playbook) -> Self {
        let file = File {
            playbook: Arc::new(playbook),
            targets: vec![0],
            unresolved: Vec::new(),
            standing: ArmingPolicy::AsWritten,
            removed: false,
            family: 0,
            version: 0,
        };
        Self { files: vec![file], targets: vec![Target::Unit("a.service".into())] }
    }

    /// What the engine loads.
    pub fn bindings(&self) -> Vec<Binding> {
        let mut bindings = Vec::new();
        for file in self.files.iter().filter(|file| !file.removed) {
            for index in &file.targets {
                let target = &self.targets[*index];
                let resolution = if file.unresolved.contains(index) {
                    Resolution::Unresolved { written: target.to_string().into(), why: "not there".into() }
                } else {
                    Resolution::Here(target.clone())
                };
                bindings.push(Binding::new(file.playbook.clone(), resolution, file.standing));
            }
        }
        bindings
    }

    /// Every pair of a file in force and one of its targets.
    pub fn keys(&self) -> Vec<Key> {
        let pairs = self.files.iter().filter(|file| !file.removed).flat_map(|file| {
            let content = &file.playbook.content;
            file.targets.iter().map(|index| Key { content: content.clone(), target: self.targets[*index].clone() })
        });
        pairs.collect()
    }

    pub fn target(&self, target: &Target) -> usize {
        self.targets.iter().position(|known| known == target).expect("targets are never dropped")
    }

    /// The same content under another name.
    pub fn rename(&mut self, index: usize, rng: &mut Rng) {
        let file = &mut self.files[index];
        let mut playbook = (*file.playbook).clone();
        playbook.name = format!("family-{}-{}", file.family, rng.below(1000)).into();
        file.playbook = Arc::new(playbook);
    }

    /// Another content under the same name.
    pub fn change(&mut self, index: usize, rng: &mut Rng) {
        let file = &mut self.files[index];
        file.version += 1;
        let mut changed = playbook(rng, file.family, file.version, &self.targets, &file.targets);
        changed.name = file.playbook.name.clone();
        changed.needs.clone_from(&file.playbook.needs);
        file.playbook = Arc::new(changed);
    }
}

fn target(rng: &mut Rng, index: usize) -> Target {
    match rng.below(8) {
        // A mount conflicts with the paths on it.
        0 if index < 2 => Target::Mount(format!("/m{index}").into()),
        1 => Target::Path(format!("/m{}/file{index}", index % 2).into()),
        2 => Target::Process(format!("worker{index}").into()),
        _ => Target::Unit(format!("unit{index}.service").into()),
    }
}

fn state(negated: bool) -> Check {
    Check::Unit(UnitCheck { state: Some(WantedState { negated, state: UnitState::Active }), ..UnitCheck::default() })
}

/// One figure, with its two limits: what lies between them is neither the fault nor its end.
fn figures(it: &mut Playbook) {
    let used =
        |bound: &str| Check::Filesystem(FilesystemCheck { used: bound.parse().ok(), ..FilesystemCheck::default() });
    it.detect.checks = vec![used("> 85%")];
    it.verify.checks = vec![used("< 80%")];
}

/// Do detector and verifier ask for one figure?
pub fn asks_for_one_figure(playbook: &Playbook) -> bool {
    playbook.detect.checks.iter().chain(&playbook.verify.checks).all(|check| matches!(check, Check::Filesystem(_)))
}

fn spec(target: &Target) -> TargetSpec {
    let name = target.name().to_owned();
    match target {
        Target::Unit(_) => TargetSpec::Unit(name),
        Target::Mount(_) => TargetSpec::Mount(name),
        Target::Process(_) => TargetSpec::Process(name),
        Target::Path(_) => TargetSpec::Path(name),
        Target::Url(_) => TargetSpec::Url(name),
        Target::Address(_) => TargetSpec::Address(name),
        Target::Container(_) => TargetSpec::Container(name),
        Target::Link(_) => TargetSpec::Link(name),
        Target::Host => TargetSpec::Host,
    }
}

pub fn rung(timeout: u64, idempotent: bool) -> Arc<Rung> {
    Arc::new(Rung {
        actions: vec![Action::Unit(UnitAction::Verb(UnitVerb::Restart))],
        timeout: Period::from_secs(timeout),
        idempotent,
    })
}

/// A plain playbook to vary.
pub fn plain(family: usize, version: usize) -> Playbook {
    let name: Arc<str> = format!("family-{family}").into();
    // no playbook: reading it again after a restart fails at once, which saves time, and the folder brings it back
    let source: Arc<str> = format!("{{ \"family\": {family}, \"version\": {version} }}\n").into();
    Playbook {
        name: name.clone(),
        content: ContentKey(format!("content-{family}-{version}").into()),
        origin: Origin::System(format!("/etc/salve/playbooks/{name}.toml").into()),
        source,
        title: format!("family {family}").into(),
        targets: Vec::new(),
        risk: Risk::Low,
        mode: Mode::Auto,
        detect: Detect { checks: vec![state(true)], hold: Period::from_secs(5), flapping: Flapping::default() },
        remediate: vec![rung(20, false), rung(20, false)],
        verify: Verify { checks: vec![state(false)], within: Period::from_secs(30), soak: Period::from_secs(10) },
        escalate: Escalate {
            attempts: 3,
            window: Period::from_secs(600),
            to: vec!["oncall".to_owned()],
            attach: Vec::new(),
        },
        needs: Vec::new(),
        only_between: None,
        cooldown: None,
        breaker: BreakerLimits::default(),
        skip_if_stopped_by_operator: true,
        enabled_when: None,
    }
}

/// Of an even family its first target, of an odd one what a name alone means.
fn need(shelf: &Shelf, family: usize) -> Need {
    let playbook = format!("family {family}");
    let first = shelf.files.get(family).and_then(|file| file.targets.first()).map(|index| &shelf.targets[*index]);
    match first {
        Some(Target::Unit(name)) if family.is_multiple_of(2) => {
            Need::Target(NeededTarget { playbook, target: TargetSpec::Unit(name.to_string()) })
        }
        _ => Need::Playbook(playbook),
    }
}

fn playbook(rng: &mut Rng, family: usize, version: usize, targets: &[Target], named: &[usize]) -> Playbook {
    let mut it = plain(family, version);
    it.targets = named.iter().map(|index| spec(&targets[*index])).collect();
    it.risk = rng.pick(&[Risk::Low, Risk::Low, Risk::Low, Risk::Medium, Risk::High]);
    it.mode = match (rng.below(12), it.risk) {
        (0, _) => Mode::Shadow,
        (1, _) => Mode::Off,
        (2 | 3, _) | (_, Risk::High) => Mode::Ask,
        _ => Mode::Auto,
    };
    it.detect.hold = Period::from_secs(rng.pick(&[0, 0, 1, 5, 30, 120]));
    if rng.permille(300) {
        it.detect.checks.push(state(true));
    }
    it.remediate = (0..rng.pick(&[0, 1, 1, 1, 2, 2, 3])).map(|_| rung(rng.within(1, 60), rng.permille(500))).collect();
    if rng.permille(300) {
        it.verify.checks.push(state(false));
    }
    if rng.permille(150) {
        figures(&mut it);
    }
    it.verify.within = Period::from_secs(rng.pick(&[5, 30, 60, 120]));
    it.verify.soak = Period::from_secs(rng.pick(&[0, 0, 5, 15, 60]));
    it.escalate.attempts = rng.pick(&[1, 2, 3, 3, 5]);
    it.escalate.window = Period::from_secs(rng.pick(&[60, 60, 300, 600, 3600, 6 * 3600]));
    it.escalate.to = match rng.below(4) {
        0 => Vec::new(),
        1 => vec!["oncall".to_owned(), "tickets".to_owned()],
        _ => vec!["oncall".to_owned()],
    };
    if rng.permille(80) {
        let from = u16::try_from(rng.below(1440)).unwrap_or(0);
        it.only_between = Some(DayWindow { from, to: (from + 700) % 1440 });
    }
    if rng.permille(200) {
        it.cooldown = Some(Period::from_secs(rng.pick(&[10, 60, 600])));
    }
    if rng.permille(600) {
        let cooldown = rng.pick(&[20, 60, 300, 900]);
        let longest = Period::from_secs(cooldown * rng.pick(&[1, 2, 8]));
        let latch_after = u32::try_from(rng.within(1, 4)).unwrap_or(1);
        it.breaker = BreakerLimits { cooldown: Period::from_secs(cooldown), longest, latch_after };
    }
    it.skip_if_stopped_by_operator = rng.permille(800);
    it
}

//! Fresh readings and facts, taken before the gate is asked, and what follows where they say nothing certain.

use std::sync::Arc;
use std::time::Duration;

use crate::core::detector::reading::{Reading, Verdict};
use crate::core::detector::{DetectorState, alike};
use crate::core::id::{IncidentId, Key, SurveyId};
use crate::core::incident::{Cause, Incident, Phase};
use crate::core::machine::effect::{Cadence, Effect};
use crate::core::machine::input::Facts;
use crate::core::machine::{Core, PreflightPurpose};
use crate::core::time::timers::Timer;
use crate::playbook::Playbook;

/// How long until a survey that could not see, or came too late, is asked again.
pub(in crate::core) const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Where a survey and a watch disagree, it is looked at again after so long.
const AGREE_AGAIN: Duration = Duration::from_secs(30);

impl Core {
    /// Takes the incident to the gate, unless it is on its way there or an attempt is under way.
    pub(in crate::core) fn advance(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        if !incident.rests() || self.live.get(&id).is_some_and(|live| live.survey.is_some()) {
            return;
        }
        let (key, tried) = (incident.key.clone(), incident.tried);
        if self.loaded && !self.keys.contains_key(&key) {
            return self.unbound(id);
        }
        let Some(playbook) = self.book(&key.content).filter(|_| self.keys.contains_key(&key)) else { return };
        if playbook.remediate.is_empty() {
            return self.without_hands(id, &playbook);
        }
        let by_hand = self.live(id).manual.is_some();
        if !by_hand && let Some(attempt) = self.must_not_repeat(id) {
            return self.escalate(id, Cause::Indeterminate { attempt });
        }
        let rung = if by_hand { 0 } else { tried % playbook.remediate.len() };
        let survey = self.new_survey(PreflightPurpose::Gate(id));
        let now = self.now.mono;
        self.stop_waiting(id);
        self.live(id).survey = Some((survey, now));
        self.timers.set(Timer::Incident(id), now + self.config.survey_patience);
        let verifier = self.incident(id).is_some_and(Incident::ends_by_verifier);
        if verifier && self.live(id).cadence.is_none() {
            self.watch_verifier(id, Cadence::Steady);
        }
        self.out.push(Effect::Survey { incident: id, survey, key, playbook, rung, verifier });
    }

    fn new_survey(&mut self, purpose: PreflightPurpose) -> SurveyId {
        self.last_survey += 1;
        let survey = SurveyId(self.last_survey);
        self.surveys.insert(survey, purpose);
        survey
    }

    /// Fresh readings of a key, for what has just been attempted there.
    pub(in crate::core) fn refresh(&mut self, incident: IncidentId, key: &Key) {
        let Some(playbook) = self.book(&key.content) else { return };
        let survey = self.new_survey(PreflightPurpose::Refresh(key.clone()));
        let key = key.clone();
        self.out.push(Effect::Survey { incident, survey, key, playbook, rung: 0, verifier: false });
    }

    /// No rung at all: the gate is asked only whether to call a human.
    fn without_hands(&mut self, id: IncidentId, playbook: &Playbook) {
        self.stop_waiting(id);
        let Some(question) = self.question(id, playbook, None) else { return };
        match question.quiet().or_else(|| question.mode_denies()) {
            Some(denial) => self.hold(id, &denial),
            None => self.escalate(id, Cause::NoRemediation),
        }
    }

    /// A survey came back.
    pub(in crate::core) fn surveyed(&mut self, incident: IncidentId, survey: SurveyId, facts: &Facts) {
        match self.surveys.remove(&survey) {
            Some(PreflightPurpose::Refresh(key)) => {
                self.absorb(&key, facts);
                self.evaluate(&key);
            }
            Some(PreflightPurpose::Gate(id)) => self.surveyed_for_gate(id, survey, facts),
            // Its gate is no longer asked, yet what it saw was seen.
            None => {
                if let Some(key) = self.find(incident).map(|incident| incident.key.clone()) {
                    self.absorb(&key, facts);
                    self.evaluate(&key);
                }
            }
        }
    }

    fn absorb(&mut self, key: &Key, facts: &Facts) {
        for (index, reading) in facts.detector.iter().enumerate() {
            self.take(key, index, reading.clone());
        }
        self.look_until_agreed(key, false);
    }

    fn surveyed_for_gate(&mut self, id: IncidentId, survey: SurveyId, facts: &Facts) {
        let Some((mine, asked)) = self.live.get(&id).and_then(|live| live.survey) else { return };
        if mine != survey {
            return;
        }
        self.timers.cancel(&Timer::Incident(id));
        let Some(key) = self.incident(id).map(|incident| incident.key.clone()) else { return };
        self.absorb_verifier(id, facts);
        self.absorb(&key, facts);
        self.evaluate(&key);
        // until here it counts as under way: what it saw sends nothing to the gate a second time
        self.forget_survey(id);
        let Some(incident) = self.incident(id).filter(|incident| incident.rests()) else { return };
        let by_verifier = incident.ends_by_verifier();
        if let Phase::Asking(request) = incident.phase() {
            let expires = request.expires;
            self.timers.set(Timer::Incident(id), expires);
        }
        if facts.began < asked {
            return self.later(id, LOOK_AGAIN);
        }
        let by_hand = self.live(id).manual.is_some();
        match self.keys.get(&key).map(|watched| watched.fault) {
            Some(DetectorState::Broken) if facts.detector.iter().any(|reading| reading.verdict == Verdict::Holds) => {
                self.gate(id, facts);
            }
            // A later reading says that it is broken, this survey could not see it: look once more.
            Some(DetectorState::Broken) if !by_hand => {
                self.live(id).awaits_onset = true;
                self.later(id, LOOK_AGAIN);
            }
            Some(_) if by_hand => self.gate(id, facts),
            Some(DetectorState::Clear) if by_verifier => self.surveyed_clear(id, &key, facts),
            // it is settling: what follows comes with its next onset, or with its end
            Some(DetectorState::Clear) => {}
            _ => self.unsure(id, &key),
        }
    }

    fn later(&mut self, id: IncidentId, wait: Duration) {
        if self.incident(id).is_some_and(|incident| !matches!(incident.phase(), Phase::Asking(_))) {
            self.timers.set(Timer::Incident(id), self.now.mono + wait);
        }
    }

    /// The survey could not see: never an attempt; after the bound a human.
    pub(in crate::core) fn unsure(&mut self, id: IncidentId, key: &Key) {
        let now = self.now.mono;
        let since = *self.live(id).unsure.get_or_insert(now);
        let one_page = self.keys.get(key).is_some_and(|watched| self.unseen_by_silence(watched));
        if now.since(since) >= self.config.unknown_bound && !one_page {
            let why = self.why_unseen(id, key);
            self.escalate(id, Cause::CannotSee { why });
        }
        // In shadow nobody is called; and what was called for a hold goes on once it can be seen.
        let goes_on = |incident: &Incident| {
            incident.escalation.as_ref().is_none_or(|escalation| escalation.cause.leaves_automation_on())
        };
        if self.incident(id).is_some_and(goes_on) {
            self.later(id, LOOK_AGAIN);
        }
    }

    /// What cannot be seen, in words: of the detector first, then of the verifier.
    fn why_unseen(&self, id: IncidentId, key: &Key) -> Arc<str> {
        let watched = self.keys.get(key).filter(|watched| watched.fault != DetectorState::Clear);
        let unknown = |reading: &Reading| match &reading.verdict {
            Verdict::Unknown(why) => Some(Arc::clone(why)),
            Verdict::Holds | Verdict::DoesNotHold => None,
        };
        let verifier = || self.live.get(&id)?.verifier.iter().flatten().find_map(unknown);
        let detector = watched.map(crate::core::detector::Detector::why_unknown);
        detector.or_else(verifier).unwrap_or_else(|| Arc::from("not read"))
    }

    /// A reading that came too late said something, and it may be true still: only changes are told, so look anew.
    pub(in crate::core) fn look_again(&mut self, key: &Key, index: usize, said: &Verdict) {
        let Some(watched) = self.keys.get(key) else { return };
        let known = watched.detector.get(index).and_then(Option::as_ref).is_some_and(|one| alike(&one.verdict, said));
        if !known {
            self.refresh_key(key);
        }
    }

    /// Looks at a key again, until surveys and watches say the same.
    pub(in crate::core) fn look_until_agreed(&mut self, key: &Key, due: bool) {
        let Some(watched) = self.keys.get(key) else { return };
        let agreed = watched.detector.iter().zip(&watched.told).all(|(known, told)| match (known, told) {
            (Some(known), Some(told)) => alike(&known.verdict, told),
            _ => true,
        });
        if agreed {
            return self.timers.cancel(&Timer::Look(key.clone()));
        }
        self.timers.set(Timer::Look(key.clone()), self.now.mono + AGREE_AGAIN);
        if due {
            self.refresh_key(key);
        }
    }

    pub(in crate::core) fn refresh_key(&mut self, key: &Key) {
        let open = self.state.incidents().id_of(key);
        if let Some(incident) = open.or_else(|| self.keys.get(key).and_then(|watched| watched.last)) {
            self.refresh(incident, key);
        }
    }
}

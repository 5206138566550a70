//! Conditions as sets of what they admit: whether two can hold together is whether the sets meet.

use crate::playbook::check::parts::Condition;
use crate::playbook::value::{Amount, Comparison, UnitState};

/// How two conditions on the same thing go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// No value meets both, and a gap lies between them.
    Apart,
    /// Both at some values; facing each other, as `> 85%` and `< 90%`.
    Overlapping,
    /// Both at some values.
    Both,
    /// Never both, but one begins where the other ends.
    Touching,
    /// It is unknown whether both can hold.
    Unclear,
}

impl Condition {
    /// How this and another on the same thing go together.
    pub fn with(&self, other: &Self) -> Together {
        let both = |meet: bool| if meet { Together::Both } else { Together::Apart };
        match (self, other) {
            (Self::State(a), Self::State(b)) => {
                both(UnitState::NAMES.into_iter().any(|(_, state)| a.admits(state) && b.admits(state)))
            }
            (Self::Number(a), Self::Number(b)) => {
                let seen = [Some(a.number), Some(b.number), None];
                both((a.negated && b.negated) || seen.into_iter().any(|seen| a.admits(seen) && b.admits(seen)))
            }
            (Self::Word(a), Self::Word(b)) => both(a == b),
            // both wanted: only of one and the same; one not wanted: unless it is the other
            (Self::Wanted(a), Self::Wanted(b)) => both(match (a.negated, b.negated) {
                (false, false) => a.word == b.word,
                (true, true) => true,
                _ => a.word != b.word,
            }),
            // of two texts only the same one, wanted and not wanted, excludes itself
            (Self::Holds(a), Self::Holds(b)) if a.negated != b.negated && a.text == b.text => Together::Apart,
            (Self::Flag(a), Self::Flag(b)) => both(a == b),
            (Self::Bound(a), Self::Bound(b)) if same_unit(a.amount, b.amount) => {
                let margin = !matches!(a.amount, Amount::Count(_));
                Interval::of(a.comparison, a.amount.figure())
                    .with(Interval::of(b.comparison, b.amount.figure()), margin)
            }
            (Self::Latency(a), Self::Latency(b)) => Interval::of(a.comparison, a.period.0.as_secs_f64())
                .with(Interval::of(b.comparison, b.period.0.as_secs_f64()), true),
            _ => Together::Unclear,
        }
    }

    /// Whether no value meets it.
    pub fn is_never(&self) -> bool {
        match self {
            Self::Bound(bound) => {
                let whole = Interval::whole(bound.amount);
                Interval::of(bound.comparison, bound.amount.figure()).meet(whole).is_empty()
            }
            Self::Latency(bound) => {
                Interval::of(bound.comparison, bound.period.0.as_secs_f64()).meet(Interval::FROM_ZERO).is_empty()
            }
            _ => false,
        }
    }

    /// Whether every possible value meets it.
    pub fn is_always(&self) -> bool {
        match self {
            Self::Bound(bound) => {
                Interval::of(bound.comparison, bound.amount.figure()).covers(Interval::whole(bound.amount))
            }
            Self::Latency(bound) => {
                Interval::of(bound.comparison, bound.period.0.as_secs_f64()).covers(Interval::FROM_ZERO)
            }
            Self::Holds(wanted) => wanted.text.is_empty() && !wanted.negated,
            _ => false,
        }
    }
}

fn same_unit(a: Amount, b: Amount) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b)
}

/// The figures that a bound admits.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Interval {
    low: f64,
    low_in: bool,
    high: f64,
    high_in: bool,
}

impl Interval {
    const FROM_ZERO: Self = Self { low: 0.0, low_in: true, high: f64::INFINITY, high_in: true };

    /// All that such an amount can be.
    fn whole(amount: Amount) -> Self {
        match amount {
            Amount::Percent(_) => Self { high: 100.0, ..Self::FROM_ZERO },
            Amount::Bytes(_) | Amount::Count(_) => Self::FROM_ZERO,
        }
    }

    fn of(comparison: Comparison, figure: f64) -> Self {
        let (below, above) = (f64::NEG_INFINITY, f64::INFINITY);
        let (low, low_in, high, high_in) = match comparison {
            Comparison::Below => (below, true, figure, false),
            Comparison::AtMost => (below, true, figure, true),
            Comparison::Above => (figure, false, above, true),
            Comparison::AtLeast => (figure, true, above, true),
            Comparison::Equal => (figure, true, figure, true),
        };
        Self { low, low_in, high, high_in }
    }

    fn is_empty(self) -> bool {
        match self.low.total_cmp(&self.high) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => !(self.low_in && self.high_in),
            std::cmp::Ordering::Greater => true,
        }
    }

    fn meet(self, other: Self) -> Self {
        let (low, low_in) = match self.low.total_cmp(&other.low) {
            std::cmp::Ordering::Less => (other.low, other.low_in),
            std::cmp::Ordering::Equal => (self.low, self.low_in && other.low_in),
            std::cmp::Ordering::Greater => (self.low, self.low_in),
        };
        let (high, high_in) = match self.high.total_cmp(&other.high) {
            std::cmp::Ordering::Less => (self.high, self.high_in),
            std::cmp::Ordering::Equal => (self.high, self.high_in && other.high_in),
            std::cmp::Ordering::Greater => (other.high, other.high_in),
        };
        Self { low, low_in, high, high_in }
    }

    fn covers(self, whole: Self) -> bool {
        self.meet(whole) == whole
    }

    fn with(self, other: Self, margin: bool) -> Together {
        let meet = self.meet(other);
        let facing = (self.low.is_finite() && other.high.is_finite() && !self.high.is_finite())
            || (other.low.is_finite() && self.high.is_finite() && !other.high.is_finite());
        match (meet.is_empty(), facing) {
            (false, true) => Together::Overlapping,
            (false, false) => Together::Both,
            (true, true) if margin && meet.low.total_cmp(&meet.high).is_eq() => Together::Touching,
            (true, _) => Together::Apart,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playbook::value::Bound;

    fn bound(text: &str) -> Condition {
        Condition::Bound(text.parse().unwrap())
    }

    fn state(text: &str) -> Condition {
        Condition::State(text.parse().unwrap())
    }

    fn number(text: &str) -> Condition {
        Condition::Number(text.parse().unwrap())
    }

    #[test]
    fn bounds_are_compared_as_the_figures_they_admit() {
        for (a, b, together) in [
            ("> 85%", "< 80%", Together::Apart),
            ("> 85%", "< 90%", Together::Overlapping),
            ("> 85%", "< 85%", Together::Touching),
            ("> 85%", "<= 85%", Together::Touching),
            (">= 85%", "<= 85%", Together::Overlapping),
            ("> 85%", "> 90%", Together::Both),
            ("> 5", "< 5", Together::Apart),
            ("= 5", "= 5", Together::Both),
            ("= 5", "= 6", Together::Apart),
            ("> 85%", "< 5GiB", Together::Unclear),
        ] {
            assert_eq!(bound(a).with(&bound(b)), together, "{a} {b}");
            assert_eq!(bound(b).with(&bound(a)), together, "{b} {a}");
        }
    }

    #[test]
    fn states_and_numbers_are_compared_as_what_they_admit() {
        assert_eq!(state("not active").with(&state("active")), Together::Apart);
        assert_eq!(state("not active").with(&state("not failed")), Together::Both);
        assert_eq!(number("not 200").with(&number("200")), Together::Apart);
        assert_eq!(number("not 200").with(&number("not 500")), Together::Both);
        assert_eq!(number("200").with(&number("204")), Together::Apart);
    }

    #[test]
    fn what_admits_nothing_or_all_is_known() {
        assert!(bound("> 100%").is_never() && bound("< 0").is_never());
        assert!(bound(">= 0%").is_always() && bound("<= 100%").is_always() && bound(">= 0B").is_always());
        assert!(!bound("> 0").is_never() && !bound("> 0").is_always());
        assert!(Condition::Latency("< 0s".parse().unwrap()).is_never());
    }

    proptest! {
        /// Two bounds are called apart only where no figure satisfies both, and the other way round.
        #[test]
        fn apart_means_that_no_figure_satisfies_both(a in 0u8..20, b in 0u8..20, x in 0usize..5, y in 0usize..5) {
            let signs = ["<", "<=", ">", ">=", "="];
            let (a, b): (Bound, Bound) = (
                format!("{} {a}", signs[x]).parse().unwrap(), format!("{} {b}", signs[y]).parse().unwrap());
            let meet = (-1..=42).map(|half| f64::from(half) / 2.0).any(|at| a.admits(at) && b.admits(at));
            let apart = Condition::Bound(a).with(&Condition::Bound(b)) == Together::Apart;
            prop_assert_eq!(apart, !meet);
        }
    }
}

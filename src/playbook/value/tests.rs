use proptest::prelude::*;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, SchemaGenerator};

use super::*;

fn wrong<T: FromStr<Err = ValueError> + fmt::Debug>(text: &str) -> String {
    text.parse::<T>().unwrap_err().to_string()
}

#[test]
fn a_period_needs_its_unit() {
    for (text, millis) in
        [("30s", 30_000), ("1h 30m", 5_400_000), ("7d", 604_800_000), ("2w", 1_209_600_000), ("0s", 0)]
    {
        assert_eq!(text.parse::<Period>().unwrap().millis(), millis, "{text}");
    }
    assert_eq!(wrong::<Period>("30"), "`30` has no unit; write \"30s\" for seconds, or \"30m\" for minutes");
    for text in ["", "soon", "1 month", "-1s", "nan", "inf", "10us", "1.5"] {
        assert!(text.parse::<Period>().is_err(), "{text}");
    }
}

#[test]
fn an_amount_is_percent_bytes_or_a_count() {
    assert_eq!("85%".parse::<Amount>().unwrap(), Amount::Percent(85.0));
    assert_eq!("5GiB".parse::<Amount>().unwrap(), Amount::Bytes(5 << 30));
    assert_eq!("1.5 kB".parse::<Amount>().unwrap(), Amount::Bytes(1500));
    assert_eq!("3".parse::<Amount>().unwrap(), Amount::Count(3.0));
    for text in ["101%", "-1%", "nan%", "-3", "inf", "nan", "5 apples", ""] {
        assert!(text.parse::<Amount>().is_err(), "{text}");
    }
}

#[test]
fn a_bound_says_which_side() {
    let bound: Bound = "<= 80%".parse().unwrap();
    assert!(bound.admits(80.0) && !bound.admits(80.1));
    assert!("= 3".parse::<Bound>().unwrap().admits(3.0));
    assert_eq!(wrong::<Bound>("over 85%"), "`over 85%` does not say which side; write \"> 85%\" or \"< 85%\"");
    assert_eq!(wrong::<LatencyBound>("500ms"), "`500ms` does not say which side; write \"< 500ms\"");
}

#[test]
fn states_and_numbers_may_be_negated() {
    let state: WantedState = "not active".parse().unwrap();
    assert!(state.admits(UnitState::Failed) && !state.admits(UnitState::Active));
    let number: WantedNumber = "not 200".parse().unwrap();
    assert!(number.admits(None) && number.admits(Some(503)) && !number.admits(Some(200)));
    assert!(!"200".parse::<WantedNumber>().unwrap().admits(None));
    assert!(wrong::<WantedState>("activ").ends_with("write \"active\""));
    assert!(wrong::<WantedState>("not faild").ends_with("write \"not failed\""));
}

#[test]
fn a_window_of_the_day_may_wrap() {
    let night: DayWindow = "22:00-06:00".parse().unwrap();
    assert!(night.contains(23 * 60) && night.contains(0) && !night.contains(6 * 60) && !night.contains(12 * 60));
    let noon: DayWindow = "11:30 - 12:30".parse().unwrap();
    assert!(noon.contains(12 * 60) && !noon.contains(12 * 60 + 30));
    for text in ["22-6", "24:00-06:00", "06:00-06:00", "22:00", "a:b-c:d"] {
        assert!(text.parse::<DayWindow>().is_err(), "{text}");
    }
}

/// What is written down is read back as it was: content keys hang on it.
fn comes_back<T: FromStr<Err = ValueError> + fmt::Display + PartialEq + fmt::Debug>(value: &T) {
    assert_eq!(&value.to_string().parse::<T>().unwrap(), value);
}

proptest! {
    #[test]
    fn periods_come_back(millis in 0u64..100_000_000_000) {
        comes_back(&Period(Duration::from_millis(millis)));
    }

    #[test]
    fn amounts_come_back(percent in 0.0f64..=100.0, bytes in 0u64..1 << 60, count in 0.0f64..1e15) {
        comes_back(&Amount::Percent(percent));
        comes_back(&Amount::Bytes(bytes));
        comes_back(&Amount::Bytes(bytes >> 30 << 30));
        comes_back(&Amount::Count(count));
    }

    #[test]
    fn windows_come_back(from in 0u16..1440, to in 0u16..1440) {
        prop_assume!(from != to);
        comes_back(&DayWindow { from, to });
    }

    #[test]
    fn no_text_makes_a_value_panic(text in ".{0,20}|[-<>=0-9.%a-zA-Z: ]{0,12}") {
        let _ = (text.parse::<Period>(), text.parse::<Amount>(), text.parse::<Bound>(), text.parse::<LatencyBound>());
        let _ = (text.parse::<WantedState>(), text.parse::<WantedNumber>(), text.parse::<DayWindow>());
    }
}

/// What the schema shows to editors can be read.
#[test]
fn the_examples_of_the_schema_are_good_ones() {
    fn read<T: JsonSchema + serde::de::DeserializeOwned>() {
        let shown = SchemaGenerator::default().into_root_schema_for::<T>().to_value();
        let examples = shown["examples"].as_array().expect("examples");
        assert!(!examples.is_empty());
        for example in examples {
            assert!(serde_json::from_value::<T>(example.clone()).is_ok(), "{example}");
        }
    }
    read::<Amount>();
    read::<LatencyBound>();
    read::<WantedState>();
    read::<Period>();
    read::<Bound>();
    read::<DayWindow>();
    read::<WantedNumber>();
    let shown = SchemaGenerator::default().into_root_schema_for::<Template>().to_value();
    let known = crate::playbook::placeholder::Placeholder::ALL.map(|one| format!("{{{}}}", one.name()));
    assert_eq!(shown["examples"], serde_json::json!(known));
}

//! Finding by a few letters, and showing which letters they were.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::console::canvas::line::Line;
use crate::console::theme::Role;

/// What was typed, ready to be looked for.
#[derive(Debug)]
pub struct Finder {
    words: Vec<QueryWord>,
    matcher: Matcher,
    letters: Vec<char>,
}

/// A single word of what was typed, ready to be compared with.
#[derive(Debug)]
struct QueryWord {
    lower: String,
    pattern: Pattern,
}

/// How well a text answers, and with which of its letters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FuzzyMatch {
    /// Higher is better.
    pub score: u32,
    /// Places of the letters that answer, in order.
    pub at: Vec<u32>,
}

impl Finder {
    /// For these words; none where nothing was typed, which everything answers to.
    #[must_use]
    pub fn new(typed: &str) -> Option<Self> {
        let word = |word: &str| QueryWord {
            lower: word.to_lowercase(),
            pattern: Pattern::parse(word, CaseMatching::Ignore, Normalization::Smart),
        };
        let words: Vec<QueryWord> = typed.split_whitespace().map(word).collect();
        (!words.is_empty()).then(|| Self { words, matcher: Matcher::new(Config::DEFAULT), letters: Vec::new() })
    }

    /// Every word must be found: in the text that is shown letters may lie apart, in the others they may not, for
    /// nobody would see why it answers.
    pub fn find(&mut self, shown: &str, others: &[&str]) -> Option<FuzzyMatch> {
        let mut all = FuzzyMatch::default();
        for word in &self.words {
            let mut at = Vec::new();
            let text = Utf32Str::new(shown, &mut self.letters);
            let in_shown = word.pattern.indices(text, &mut self.matcher, &mut at);
            let in_others = others.iter().filter_map(|other| word.stands_in(other)).max();
            all.score += in_shown.max(in_others)?;
            all.at.extend(at);
        }
        all.at.sort_unstable();
        all.at.dedup();
        Some(all)
    }
}

impl QueryWord {
    /// How much it says that this word stands in a text, on the matcher's scale: a whole word says most.
    fn stands_in(&self, text: &str) -> Option<u32> {
        let lower = text.to_lowercase();
        let letters = u32::try_from(self.lower.len()).unwrap_or(u32::MAX);
        if lower == self.lower {
            return Some(letters.saturating_mul(30).saturating_add(30));
        }
        lower.contains(&self.lower).then(|| letters.saturating_mul(14))
    }
}

/// A text with the letters that answered set off.
#[must_use]
pub fn marked(text: &str, at: &[u32], role: Role) -> Line {
    let clean = crate::text::clean_line(text);
    let marked = |index: usize| u32::try_from(index).is_ok_and(|index| at.binary_search(&index).is_ok());
    let signs: Vec<(Role, char)> =
        clean.chars().enumerate().map(|(index, c)| (if marked(index) { Role::Key } else { role }, c)).collect();
    Line::gathered(0, &signs)
}

/// A line with those letters of a name in it set off that were found.
#[must_use]
pub fn mark_name(mut line: Line, name: &str, at: &[u32]) -> Line {
    let place = line.pieces.iter().position(|piece| piece.text == name).filter(|_| !at.is_empty());
    if let Some(place) = place {
        let marked = marked(name, at, line.pieces[place].role).pieces;
        line.pieces.splice(place..=place, marked);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(typed: &str, shown: &str, others: &[&str]) -> Option<Vec<u32>> {
        Finder::new(typed).and_then(|mut finder| finder.find(shown, others)).map(|hit| hit.at)
    }

    #[test]
    fn every_word_must_be_found_and_letters_may_be_left_out() {
        assert_eq!(found("NGI down", "nginx", &["service-down"]), Some(vec![0, 1, 2]));
        assert_eq!(found("ngx", "nginx", &[]), Some(vec![0, 1, 4]));
        assert_eq!(found("ngi disk", "nginx", &["service-down"]), None);
        assert_eq!(found("red", "nginx", &["service-down"]), None, "nobody would see why");
        assert!(Finder::new("  ").is_none());
    }

    #[test]
    fn a_whole_name_is_a_better_answer_than_scattered_letters() {
        let score =
            |text: &str| Finder::new("nginx").and_then(|mut finder| finder.find(text, &[])).map(|hit| hit.score);
        assert!(score("nginx") > score("no general index for x"));
    }

    #[test]
    fn marks_show_the_letters_and_change_no_text() {
        let line = marked("nginx", &[0, 1, 4], Role::Text);
        let pieces: Vec<_> = line.pieces.iter().map(|piece| (piece.role, piece.text.as_str())).collect();
        assert_eq!(pieces, [(Role::Key, "ng"), (Role::Text, "in"), (Role::Key, "x")]);
        assert_eq!(marked("a\x1b名\u{301}", &[7], Role::Text).bare(), "a␛名\u{301}");
    }
}

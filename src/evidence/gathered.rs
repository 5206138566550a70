//! One piece of evidence while it is gathered: its text or why there is none, within a deadline.

use std::path::Path;
use std::time::Duration;

use crate::foreign::{self, MayHang};

/// The deadline of one piece. Each kind has a shorter one of its own; this one holds even if the kernel does not
/// answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(40);

/// The text of one kind of evidence, or why there is none.
pub(super) type Gathered = Result<String, String>;

/// Runs a reading in a thread that may hang; `name` and `path` say what it reads.
pub(super) async fn apart(
    name: &str,
    path: &Path,
    look: impl FnOnce(&MayHang) -> Gathered + Send + 'static,
) -> Gathered {
    foreign::task(name, path, DEADLINE, look).await.map_err(|silence| silence.to_string())?
}

/// A share of the whole as a bar of twenty columns.
pub(super) fn bar(part: u64, whole: u64) -> String {
    const COLUMNS: usize = 20;
    let full = u128::from(part) * COLUMNS as u128 / u128::from(whole.max(1));
    let full = usize::try_from(full).unwrap_or(usize::MAX).min(COLUMNS);
    format!("{}{}", "█".repeat(full), "·".repeat(COLUMNS - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_the_share() {
        assert_eq!(bar(1, 2), "██████████··········");
        assert_eq!((bar(0, 0), bar(9, 3)), ("·".repeat(20), "█".repeat(20)));
    }
}

//! Does a machine that was folded from the records stand where the live one stands?

use salve::core::Core;

use crate::ledger::{Judged, hold};

pub fn same(live: &Core, folded: &Core) -> Judged {
    if live.state() == folded.state() {
        return Ok(());
    }
    let (one, other) = (format!("{:?}", live.state()), format!("{:?}", folded.state()));
    let at = one.bytes().zip(other.bytes()).position(|(a, b)| a != b).unwrap_or(0);
    let piece = |text: &str| text.chars().skip(at.saturating_sub(200)).take(500).collect::<String>();
    hold!(false, "replayed state equals live state", "live {}\n  folded {}", piece(&one), piece(&other));
    Ok(())
}

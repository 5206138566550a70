//! A daemon may stand low on the kernel's list of whom to end when memory runs out; what it starts must not.

use std::fs;

/// Puts a child that was just started where every other process stands. Attempts do so before their program runs; this
/// is for the short children of checks and channels.
pub fn usual(child: Option<u32>) {
    if let Some(pid) = child {
        // gone already, or nothing to set back: both are well
        let _ = fs::write(format!("/proc/{pid}/oom_score_adj"), "0");
    }
}

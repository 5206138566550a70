//! What can be broken.

/// A fault, or the end of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoFault {
    /// Two of the jobs die.
    KillJobs,
    /// The shop's process dies.
    Kill,
    /// The shop is there and does not answer.
    Hang,
    /// The scribe writes until nothing fits any more.
    FillDisk,
    /// The ledger takes more and more memory.
    Leak,
    /// The shop dies, and no restart helps.
    BreakForGood,
    /// Restarts of the shop help again; it stays down until one comes.
    Repair,
    /// The shop goes down and up and down.
    Flap,
    /// Nearly all jobs die at once.
    Storm,
    /// Everything is mended from outside.
    Mend,
}

/// All of them, with what the menu says.
pub const ALL: [(DemoFault, &str); 10] = [
    (DemoFault::KillJobs, "kill two jobs: restarted and verified"),
    (DemoFault::Kill, "kill the shop: restarted and verified"),
    (DemoFault::Hang, "hang the shop: it runs but does not respond"),
    (DemoFault::FillDisk, "fill the scratch disk: old files are deleted"),
    (DemoFault::Leak, "leak memory in the ledger: high risk, so it needs approval"),
    (DemoFault::BreakForGood, "break the shop permanently: the breaker opens and a page is sent"),
    (DemoFault::Repair, "let a restart work again: one probe, and the breaker closes"),
    (DemoFault::Flap, "let the shop flap: one incident until it is stable"),
    (DemoFault::Storm, "storm: nine of ten jobs die at once, one page, no attempt"),
    (DemoFault::Mend, "fix everything"),
];

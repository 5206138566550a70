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
    (DemoFault::KillJobs, "kill two jobs: they are started anew, and verified"),
    (DemoFault::Kill, "kill the shop: it is started anew, and verified"),
    (DemoFault::Hang, "hang the shop: it is there, and does not answer"),
    (DemoFault::FillDisk, "fill the scratch disk: what is old is deleted"),
    (DemoFault::Leak, "leak memory in the ledger: high risk, so it asks you"),
    (DemoFault::BreakForGood, "break the shop for good: the breaker opens, a page goes out"),
    (DemoFault::Repair, "let a restart help again: one probe, and the breaker closes"),
    (DemoFault::Flap, "let the shop flap: one incident until it is steady"),
    (DemoFault::Storm, "storm: nine of ten jobs die at once, one page, no attempt"),
    (DemoFault::Mend, "mend everything from outside"),
];

//! What can be broken.

/// A fault, or the end of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
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
pub const ALL: [(Fault, &str); 10] = [
    (Fault::KillJobs, "kill two jobs: they are started anew, and verified"),
    (Fault::Kill, "kill the shop: it is started anew, and verified"),
    (Fault::Hang, "hang the shop: it is there, and does not answer"),
    (Fault::FillDisk, "fill the scratch disk: what is old is deleted"),
    (Fault::Leak, "leak memory in the ledger: high risk, so it asks you"),
    (Fault::BreakForGood, "break the shop for good: the breaker opens, a page goes out"),
    (Fault::Repair, "let a restart help again: one probe, and the breaker closes"),
    (Fault::Flap, "let the shop flap: one incident until it is steady"),
    (Fault::Storm, "storm: nine of ten jobs die at once, one page, no attempt"),
    (Fault::Mend, "mend everything from outside"),
];

//! The connector's messages: a netlink header, a connector's header, an event; all numbers in the host's byte order.

/// Where the parts of a message begin, in bytes: `struct nlmsghdr`, `struct cn_msg`, `struct proc_event`.
const CONNECTOR: usize = 16;
const EVENT: usize = CONNECTOR + 20;
const DETAILS: usize = EVENT + 16;

/// The connector's index and value of processes, `CN_IDX_PROC` and `CN_VAL_PROC`.
const PROCESSES: [u32; 2] = [1, 1];

/// The type of a netlink message that stands alone, `NLMSG_DONE`.
const DONE: u16 = 3;

/// `PROC_EVENT_…`; a subscription is the sum of those that are wanted.
const ANSWER: u32 = 0;
const FORK: u32 = 1;
const EXEC: u32 = 2;
const USER: u32 = 4;
const NAME: u32 = 0x200;

/// What is asked of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subscription {
    /// Every event, in the words that every kernel understands.
    Everything,
    /// Only what changes a process, in the words of Linux 6.6 and later.
    ChangesOnly,
    /// No more events.
    None,
}

impl Subscription {
    /// The message that asks for it; the kernel's answer acknowledges this number.
    pub(super) fn request(self, number: u32) -> Vec<u8> {
        // `PROC_CN_MCAST_LISTEN` and `PROC_CN_MCAST_IGNORE`
        let words: &[u32] = match self {
            Self::Everything => &[1],
            Self::ChangesOnly => &[1, FORK | EXEC | USER | NAME],
            Self::None => &[2],
        };
        let length = u16::try_from(words.len() * 4).unwrap_or_default();
        let mut message = Vec::with_capacity(EVENT + 8);
        message.extend((u32::from(length) + 36).to_ne_bytes());
        message.extend(DONE.to_ne_bytes());
        message.extend([0; 10]); // no flags, no number, and the kernel knows who asks
        // the sequence is the kernel's own; its answer acknowledges the number that stands behind it
        for word in [PROCESSES[0], PROCESSES[1], 0, number] {
            message.extend(word.to_ne_bytes());
        }
        message.extend(length.to_ne_bytes());
        message.extend([0; 2]);
        message.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        message
    }
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announcement {
    /// This process started, or has another program, name or user.
    Changed(i32),
    /// The answer to a request with this number; the error is 0 where it was granted.
    Answer {
        /// The request's number.
        to: u32,
        /// Why it was refused, as an `errno`.
        error: u32,
    },
    /// Something about a thread, or an end, or what is not understood.
    Nothing,
}

/// What a message of the kernel says. Whoever could forge one must be root, and would only have a process read once more.
pub(super) fn understood(message: &[u8]) -> Announcement {
    let word = |at: usize| {
        let bytes = message.get(at..at + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    };
    let detail = |nth: usize| word(DETAILS + 4 * nth);
    let process = |thread: Option<u32>, process: Option<u32>| match (thread, process) {
        (Some(thread), Some(process)) if thread == process => {
            i32::try_from(process).map_or(Announcement::Nothing, Announcement::Changed)
        }
        _ => Announcement::Nothing,
    };
    if [word(CONNECTOR), word(CONNECTOR + 4)] != PROCESSES.map(Some) {
        return Announcement::Nothing;
    }
    match word(EVENT) {
        Some(ANSWER) => match (word(CONNECTOR + 12), detail(0)) {
            (Some(next), Some(error)) => Announcement::Answer { to: next.wrapping_sub(1), error },
            _ => Announcement::Nothing,
        },
        // the parent's two ids come first
        Some(FORK) => process(detail(2), detail(3)),
        Some(EXEC | USER | NAME) => process(detail(0), detail(1)),
        Some(_) | None => Announcement::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message as Linux 6.18 sends it, with the event's number and its details.
    fn message(what: u32, details: &[u32]) -> Vec<u8> {
        let mut words = vec![76, 3, 0, 0, 1, 1, 4711, 8, 40, what, 2, 0x1234, 0x5678];
        words.extend(details);
        words.resize(19, 0);
        words.into_iter().flat_map(u32::to_ne_bytes).collect()
    }

    #[test]
    fn starts_and_new_names_and_users_of_processes_are_told_and_threads_are_not() {
        assert_eq!(understood(&message(FORK, &[10, 10, 11, 11])), Announcement::Changed(11));
        assert_eq!(understood(&message(FORK, &[10, 10, 12, 10])), Announcement::Nothing, "a thread");
        for what in [EXEC, USER, NAME] {
            assert_eq!(understood(&message(what, &[11, 11])), Announcement::Changed(11));
            assert_eq!(understood(&message(what, &[12, 11])), Announcement::Nothing, "a thread");
        }
        assert_eq!(understood(&message(0x8000_0000, &[11, 11])), Announcement::Nothing, "an end");
        assert_eq!(understood(&message(ANSWER, &[1])), Announcement::Answer { to: 7, error: 1 });
    }

    #[test]
    fn what_is_cut_or_anothers_says_nothing() {
        let whole = message(EXEC, &[11, 11]);
        for length in 0..DETAILS + 8 {
            assert_eq!(understood(&whole[..length]), Announcement::Nothing, "{length}");
        }
        assert_eq!(understood(&whole[..DETAILS + 8]), Announcement::Changed(11));
        let mut anothers = whole;
        anothers[CONNECTOR] = 9;
        assert_eq!(understood(&anothers), Announcement::Nothing);
        assert_eq!(understood(&message(EXEC, &[u32::MAX, u32::MAX])), Announcement::Nothing);
    }

    #[test]
    fn requests_have_the_lengths_that_kernels_tell_them_apart_by() {
        for (subscription, length) in
            [(Subscription::Everything, 4), (Subscription::ChangesOnly, 8), (Subscription::None, 4)]
        {
            let request = subscription.request(9);
            assert_eq!(request.len(), EVENT + length);
            assert_eq!(request[..4], u32::try_from(request.len()).unwrap().to_ne_bytes());
            assert_eq!(request[32..34], u16::try_from(length).unwrap().to_ne_bytes());
            assert_eq!(request[28..32], 9_u32.to_ne_bytes());
        }
    }
}

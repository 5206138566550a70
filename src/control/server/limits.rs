//! How many connections and requests one user has, so that nobody keeps the others out. Root is always let in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Connections in all, root's excluded.
const CONNECTIONS: usize = 64;
/// Connections of one user that may last.
const OF_ONE: usize = 16;
/// Connections of one user beyond those, for a moment each: nobody's consoles keep their own verbs out.
const BRIEF: usize = 4;
/// Requests, connections included, of which each costs the engine time.
const REQUESTS: Rate = Rate { burst: 40.0, per_second: 20.0 };
/// Commands, of which each is recorded for good.
const COMMANDS: Rate = Rate { burst: 60.0, per_second: 1.0 };

/// What a user may do at once, and in the long run.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: f64,
    per_second: f64,
}

/// What is left of a rate.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    left: f64,
    counted: Instant,
}

impl Bucket {
    fn full(rate: Rate) -> Self {
        Self { rate, left: rate.burst, counted: Instant::now() }
    }

    fn left(&self, now: Instant) -> f64 {
        let earned = now.duration_since(self.counted).as_secs_f64() * self.rate.per_second;
        (self.left + earned).min(self.rate.burst)
    }

    /// Takes one; the time to wait for it.
    fn take(&mut self) -> Duration {
        let now = Instant::now();
        self.left = self.left(now) - 1.0;
        self.counted = now;
        Duration::from_secs_f64((-self.left).max(0.0) / self.rate.per_second)
    }
}

/// Counts what every user has.
#[derive(Debug, Clone, Default)]
pub struct ClientLimits {
    users: Arc<Mutex<HashMap<u32, User>>>,
}

#[derive(Debug)]
struct User {
    lasting: usize,
    brief: usize,
    requests: Bucket,
    commands: Bucket,
}

/// One of a user's connections; its place is free again when this is dropped.
#[derive(Debug)]
pub struct Permit {
    limits: ClientLimits,
    uid: u32,
    brief: bool,
}

impl ClientLimits {
    /// A place for one more connection of this user.
    ///
    /// # Errors
    /// In words, where there is none.
    pub fn enter(&self, uid: u32) -> Result<Permit, String> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let others = users.iter().filter(|(uid, _)| **uid != 0);
        let all: usize = others.map(|(_, user)| user.lasting + user.brief).sum();
        let user = users.entry(uid).or_insert_with(|| User {
            lasting: 0,
            brief: 0,
            requests: Bucket::full(REQUESTS),
            commands: Bucket::full(COMMANDS),
        });
        let brief = user.lasting >= OF_ONE;
        if brief && user.brief >= BRIEF {
            return Err(format!("you have {OF_ONE} connections to salve already, and {BRIEF} for a moment; close one"));
        }
        if uid != 0 && all >= CONNECTIONS {
            return Err(format!("{CONNECTIONS} consoles and commands are connected already; try again later"));
        }
        *(if brief { &mut user.brief } else { &mut user.lasting }) += 1;
        Ok(Permit { limits: self.clone(), uid, brief })
    }
}

impl Permit {
    /// Is this connection beyond those that may last?
    #[must_use]
    pub const fn is_brief(&self) -> bool {
        self.brief
    }

    /// Counts one request, or the connection itself; the time to wait before it is looked at.
    #[must_use]
    pub fn request(&self) -> Duration {
        self.take(|user| &mut user.requests)
    }

    /// Counts one command; the time to wait before it is carried out. Root's are not counted: root may fill the disk.
    #[must_use]
    pub fn command(&self) -> Duration {
        if self.uid == 0 { Duration::ZERO } else { self.take(|user| &mut user.commands) }
    }

    fn take(&self, of: impl Fn(&mut User) -> &mut Bucket) -> Duration {
        let mut users = self.limits.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.get_mut(&self.uid).map_or(Duration::ZERO, |user| of(user).take())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut users = self.limits.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(user) = users.get_mut(&self.uid) {
            *(if self.brief { &mut user.brief } else { &mut user.lasting }) -= 1;
        }
        // whoever has nothing open and spent nothing lately needs no memory
        let now = Instant::now();
        let spent = |bucket: &Bucket| bucket.left(now) < bucket.rate.burst;
        users.retain(|_, user| user.lasting + user.brief > 0 || spent(&user.requests) || spent(&user.commands));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_user_leaves_room_for_others_and_root() {
        let limits = ClientLimits::default();
        let mut places = Vec::new();
        for uid in 1..=3 {
            for number in 0..OF_ONE + BRIEF {
                let place = limits.enter(uid).unwrap();
                assert_eq!(place.is_brief(), number >= OF_ONE);
                places.push(place);
            }
            assert!(limits.enter(uid).unwrap_err().starts_with("you have 16"));
        }
        places.extend((0..4).map(|_| limits.enter(4).unwrap()));
        assert!(limits.enter(5).unwrap_err().starts_with("64 consoles"));
        assert!(limits.enter(0).is_ok());
        places.pop();
        assert!(limits.enter(5).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn commands_become_slow_before_they_fill_the_journal_and_roots_do_not() {
        let limits = ClientLimits::default();
        let (user, root) = (limits.enter(1).unwrap(), limits.enter(0).unwrap());
        for _ in 0..60 {
            assert_eq!(user.command() + root.command(), Duration::ZERO);
        }
        assert_eq!((user.command(), root.command()), (Duration::from_secs(1), Duration::ZERO));
        // looking costs nothing of that
        assert_eq!(user.request(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_too_fast_waits() {
        let limits = ClientLimits::default();
        let (one, other) = (limits.enter(1).unwrap(), limits.enter(1).unwrap());
        for _ in 0..20 {
            assert_eq!(one.request() + other.request(), Duration::ZERO);
        }
        assert_eq!(one.request(), Duration::from_millis(50));
        assert_eq!(other.request(), Duration::from_millis(100));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(one.request(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_connection_does_not_wash_a_user_clean() {
        let limits = ClientLimits::default();
        let place = limits.enter(1).unwrap();
        while place.request().is_zero() {}
        drop(place);
        assert!(!limits.enter(1).unwrap().request().is_zero());
        tokio::time::advance(Duration::from_mins(1)).await;
        drop(limits.enter(1));
        assert!(limits.users.lock().unwrap().is_empty());
    }
}

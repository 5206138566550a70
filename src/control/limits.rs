//! How many connections and requests one user has, so that nobody keeps the others out. Root is always let in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Connections in all, root's excluded.
const CONNECTIONS: usize = 64;
/// Connections of one user.
const OF_ONE: usize = 16;
/// Requests that a user may make at once.
const BURST: f64 = 40.0;
/// Requests that a user may make in the long run, per second.
const PER_SECOND: f64 = 20.0;

/// Counts what every user has.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    users: Arc<Mutex<HashMap<u32, User>>>,
}

#[derive(Debug)]
struct User {
    connections: usize,
    /// Requests that may be made now.
    left: f64,
    counted: Instant,
}

/// One of a user's connections; its place is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    limits: Limits,
    uid: u32,
}

impl Limits {
    /// A place for one more connection of this user.
    ///
    /// # Errors
    /// In words, where there is none.
    pub fn enter(&self, uid: u32) -> Result<Place, String> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = users.iter().filter(|(uid, _)| **uid != 0).map(|(_, user)| user.connections).sum();
        let now = Instant::now();
        let user = users.entry(uid).or_insert(User { connections: 0, left: BURST, counted: now });
        if user.connections >= OF_ONE {
            return Err(format!("you have {OF_ONE} connections to salve already; close one"));
        }
        if uid != 0 && all >= CONNECTIONS {
            return Err(format!("{CONNECTIONS} consoles and commands are connected already; try again later"));
        }
        user.connections += 1;
        Ok(Place { limits: self.clone(), uid })
    }
}

impl Place {
    /// Counts one request; the time to wait before it is looked at.
    #[must_use]
    pub fn request(&self) -> Duration {
        let mut users = self.limits.users.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(user) = users.get_mut(&self.uid) else { return Duration::ZERO };
        let now = Instant::now();
        let earned = now.duration_since(user.counted).as_secs_f64() * PER_SECOND;
        user.left = (user.left + earned).min(BURST) - 1.0;
        user.counted = now;
        Duration::from_secs_f64((-user.left).max(0.0) / PER_SECOND)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut users = self.limits.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(user) = users.get_mut(&self.uid) {
            user.connections -= 1;
        }
        // whoever has nothing open and spent nothing lately needs no memory
        let now = Instant::now();
        users.retain(|_, user| {
            let earned = now.duration_since(user.counted).as_secs_f64() * PER_SECOND;
            user.connections > 0 || user.left + earned < BURST
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_user_leaves_room_for_others_and_root() {
        let limits = Limits::default();
        let mut places = Vec::new();
        for uid in 1..=4 {
            for _ in 0..OF_ONE {
                places.push(limits.enter(uid).unwrap());
            }
            assert!(limits.enter(uid).unwrap_err().starts_with("you have 16"));
        }
        assert!(limits.enter(5).unwrap_err().starts_with("64 consoles"));
        assert!(limits.enter(0).is_ok());
        places.pop();
        assert!(limits.enter(5).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_too_fast_waits() {
        let limits = Limits::default();
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
        let limits = Limits::default();
        let place = limits.enter(1).unwrap();
        while place.request().is_zero() {}
        drop(place);
        assert!(!limits.enter(1).unwrap().request().is_zero());
        tokio::time::advance(Duration::from_mins(1)).await;
        drop(limits.enter(1));
        assert!(limits.users.lock().unwrap().is_empty());
    }
}

//! Who may come in: limits of connections, and of those that have not logged in, in total and per address.
//!
//! A connection counts as a stranger from its first byte; a login makes it known. HTTP stays a stranger.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Connections beyond the limits of strangers that are let in at once, only to be told so.
const TURNED_AWAY_MAX: usize = 256;

/// The limits and what is taken of them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admission(Arc<Limits>);

#[derive(Debug)]
struct Limits {
    counts: Mutex<Counts>,
    connections_max: usize,
    strangers_max: usize,
    strangers_per_ip_max: usize,
}

#[derive(Debug, Default)]
struct Counts {
    connections: usize,
    strangers: usize,
    turned_away: usize,
    by_ip: HashMap<IpAddr, usize>,
}

/// A connection's place; dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    admission: Admission,
    standing: Standing,
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    Stranger(IpAddr),
    TurnedAway(IpAddr),
    Known,
}

impl Admission {
    /// Limits of connections, of strangers, and of strangers from one address.
    pub fn new(connections_max: usize, strangers_max: usize, strangers_per_ip_max: usize) -> Self {
        let counts = Mutex::default();
        Self(Arc::new(Limits { counts, connections_max, strangers_max, strangers_per_ip_max }))
    }

    /// A place for a connection from this address. `None`: hang up without a word.
    pub fn enter(&self, ip: IpAddr) -> Option<Place> {
        let (limits, mut counts) = (&*self.0, self.lock());
        if counts.connections >= limits.connections_max {
            return None;
        }
        let from_ip = counts.by_ip.get(&ip).copied().unwrap_or_default();
        let standing = if counts.strangers < limits.strangers_max && from_ip < limits.strangers_per_ip_max {
            counts.strangers += 1;
            *counts.by_ip.entry(ip).or_default() += 1;
            Standing::Stranger(ip)
        } else if counts.turned_away < TURNED_AWAY_MAX {
            counts.turned_away += 1;
            Standing::TurnedAway(ip)
        } else {
            return None;
        };
        counts.connections += 1;
        Some(Place { admission: self.clone(), standing })
    }

    /// Connections that have not logged in.
    pub fn strangers(&self) -> usize {
        let counts = self.lock();
        counts.strangers + counts.turned_away
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whether there are too many strangers for this one to log in.
    pub fn is_turned_away(&self) -> bool {
        matches!(self.standing, Standing::TurnedAway(_))
    }

    /// Whose it is, until it has logged in.
    pub fn address(&self) -> Option<IpAddr> {
        match self.standing {
            Standing::Stranger(ip) | Standing::TurnedAway(ip) => Some(ip),
            Standing::Known => None,
        }
    }

    /// The connection has logged in.
    pub fn logged_in(&mut self) {
        let mut counts = self.admission.lock();
        match self.standing {
            Standing::Stranger(ip) => {
                counts.strangers -= 1;
                if let Some(from_ip) = counts.by_ip.get_mut(&ip) {
                    *from_ip -= 1;
                    if *from_ip == 0 {
                        counts.by_ip.remove(&ip);
                    }
                }
            }
            Standing::TurnedAway(_) => counts.turned_away -= 1,
            Standing::Known => {}
        }
        self.standing = Standing::Known;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.logged_in();
        self.admission.lock().connections -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    #[test]
    fn places_are_limited_and_come_back() {
        let admission = Admission::new(4, 2, 1);
        let mut first = admission.enter(ip(1)).unwrap();
        let second = admission.enter(ip(1)).unwrap();
        assert!(!first.is_turned_away() && second.is_turned_away(), "one stranger an address");
        let third = admission.enter(ip(2)).unwrap();
        assert!(!third.is_turned_away());
        assert!(admission.enter(ip(3)).unwrap().is_turned_away(), "two strangers in all");
        first.logged_in();
        let fourth = admission.enter(ip(1)).unwrap();
        assert!(!fourth.is_turned_away());
        assert!(admission.enter(ip(4)).is_none(), "all connections are taken");
        assert_eq!(admission.strangers(), 3);
        drop((first, second, third, fourth));
        let counts = admission.lock();
        assert_eq!((counts.connections, counts.strangers, counts.turned_away), (0, 0, 0));
        assert!(counts.by_ip.is_empty());
    }

    #[test]
    fn few_are_told_that_there_are_too_many() {
        let admission = Admission::new(10_000, 0, 1);
        let told: Vec<_> = (0..TURNED_AWAY_MAX).map(|_| admission.enter(ip(1)).unwrap()).collect();
        assert!(admission.enter(ip(1)).is_none());
        drop(told);
        assert!(admission.enter(ip(1)).is_some());
    }
}

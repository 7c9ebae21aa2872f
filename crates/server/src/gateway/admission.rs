//! Who may come in: limits of connections, and of those that have not logged in, in total and per address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The limits and what is taken of them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admission {
    counts: Arc<Mutex<Counts>>,
    connections_max: usize,
    strangers_max: usize,
    strangers_per_ip_max: usize,
}

#[derive(Debug, Default)]
struct Counts {
    connections: usize,
    strangers: usize,
    by_ip: HashMap<IpAddr, usize>,
}

/// A connection's place; dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    admission: Admission,
    /// Still counted as a stranger from this address.
    stranger: Option<IpAddr>,
}

impl Admission {
    /// Limits of connections, of strangers, and of strangers from one address.
    pub fn new(connections_max: usize, strangers_max: usize, strangers_per_ip_max: usize) -> Self {
        Self { counts: Arc::default(), connections_max, strangers_max, strangers_per_ip_max }
    }

    /// A place for a connection, if there is one.
    pub fn enter(&self) -> Option<Place> {
        let mut counts = self.lock();
        if counts.connections >= self.connections_max {
            return None;
        }
        counts.connections += 1;
        Some(Place { admission: self.clone(), stranger: None })
    }

    /// Connections that have not logged in.
    pub fn strangers(&self) -> usize {
        self.lock().strangers
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Counts the connection as a stranger from this address; `false` when there are too many.
    pub fn wait_for_login(&mut self, ip: IpAddr) -> bool {
        let mut counts = self.admission.lock();
        let from_ip = counts.by_ip.get(&ip).copied().unwrap_or_default();
        if counts.strangers >= self.admission.strangers_max || from_ip >= self.admission.strangers_per_ip_max
        {
            return false;
        }
        counts.strangers += 1;
        *counts.by_ip.entry(ip).or_default() += 1;
        drop(counts);
        self.stranger = Some(ip);
        true
    }

    /// The connection has logged in.
    pub fn logged_in(&mut self) {
        let Some(ip) = self.stranger.take() else { return };
        let mut counts = self.admission.lock();
        counts.strangers -= 1;
        if let Some(from_ip) = counts.by_ip.get_mut(&ip) {
            *from_ip -= 1;
            if *from_ip == 0 {
                counts.by_ip.remove(&ip);
            }
        }
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

    #[test]
    fn places_are_limited_and_come_back() {
        let admission = Admission::new(3, 2, 1);
        let (home, away) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
        let mut first = admission.enter().unwrap();
        let mut second = admission.enter().unwrap();
        let mut third = admission.enter().unwrap();
        assert!(admission.enter().is_none(), "all connections are taken");
        assert!(first.wait_for_login(home));
        assert!(!second.wait_for_login(home), "one stranger an address");
        assert!(second.wait_for_login(away));
        assert!(!third.wait_for_login([127, 0, 0, 3].into()), "two strangers in all");
        first.logged_in();
        assert!(third.wait_for_login(home));
        drop(second);
        assert_eq!(admission.strangers(), 1);
        assert!(admission.enter().is_some());
    }
}

//! What changes too often to be written each time: cursors of devices, and times of logins.
//!
//! Kept here, written by the writer about once a second. A cursor lost in a crash is repeated by its device,
//! which brings its own cursors to the next login.

use super::{
    columns::{self, int},
    trouble::Trouble,
};
use hongyan_wire::{AppId, DeviceId, Seq, UserId};
use rusqlite::{Connection, params};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// (app, device, user, conversation).
type CursorKey = (AppId, DeviceId, UserId, u64);
type Device = (AppId, DeviceId);

/// Where the cursors of one device stand for the user that it belongs to now.
#[derive(Debug)]
struct Loaded {
    user: UserId,
    /// By conversation.
    reached: Vec<(u64, Seq)>,
}

#[derive(Debug)]
pub(super) struct Coalesced {
    state: Mutex<State>,
    cursors_len_max: usize,
}

#[derive(Debug, Default)]
struct State {
    devices: HashMap<Device, Loaded>,
    cursors_len: usize,
    /// By device, so that a login finds its own without a search.
    unwritten: HashMap<Device, Vec<(UserId, u64, Seq)>>,
    logins: HashMap<Device, u64>,
    /// Part of a commit under way.
    batch: Batch,
}

/// What one commit writes of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    cursors: Vec<(CursorKey, Seq)>,
    logins: Vec<(Device, u64)>,
}

impl Coalesced {
    pub fn new(cursors_len_max: usize) -> Self {
        Self { state: Mutex::default(), cursors_len_max }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cursors of a device if they are here for this user.
    pub fn loaded(&self, app: AppId, device: &DeviceId, user: &UserId) -> Option<Vec<(u64, Seq)>> {
        let state = self.state();
        let loaded = state.devices.get(&(app, device.clone())).filter(|loaded| loaded.user == *user)?;
        Some(loaded.reached.clone())
    }

    /// The cursor of a device in one conversation, if the device's cursors are here.
    pub fn reached(&self, app: AppId, device: &DeviceId, conversation: u64) -> Option<Seq> {
        let state = self.state();
        let loaded = state.devices.get(&(app, device.clone()))?;
        let found = loaded.reached.binary_search_by_key(&conversation, |(no, _)| *no);
        Some(found.map_or(0, |place| loaded.reached[place].1))
    }

    /// Takes in what the file says; what was not yet written counts more.
    pub fn load(&self, app: AppId, device: &DeviceId, user: &UserId, stored: Vec<(u64, Seq)>) {
        let mut state = self.state();
        let mut reached: HashMap<u64, Seq> = stored.into_iter().collect();
        for (no, seq) in state.not_stored(app, device, user) {
            let place = reached.entry(no).or_default();
            *place = seq.max(*place);
        }
        let mut reached: Vec<(u64, Seq)> = reached.into_iter().collect();
        reached.sort_unstable();
        state.put(app, device, Loaded { user: user.clone(), reached });
        state.shrink(self.cursors_len_max);
    }

    /// Moves a cursor forward. `false` when the device's cursors for this user are not here: load them first.
    pub fn acknowledge(&self, app: AppId, device: &DeviceId, user: &UserId, no: u64, seq: Seq) -> bool {
        let state = &mut *self.state();
        let Some(loaded) = state.devices.get_mut(&(app, device.clone())) else { return false };
        if loaded.user != *user {
            return false;
        }
        match loaded.reached.binary_search_by_key(&no, |(no, _)| *no) {
            Ok(place) if loaded.reached[place].1 >= seq => return true,
            Ok(place) => loaded.reached[place].1 = seq,
            Err(place) => {
                loaded.reached.insert(place, (no, seq));
                state.cursors_len += 1;
            }
        }
        state.wait((app, device.clone(), user.clone(), no), seq);
        state.shrink(self.cursors_len_max);
        true
    }

    /// Notes when a device logged in.
    pub fn logged_in(&self, app: AppId, device: &DeviceId, at: u64) {
        self.state().logins.insert((app, device.clone()), at);
    }

    /// When a device logged in last, if that is not written yet.
    pub fn login_of(&self, app: AppId, device: &DeviceId) -> Option<u64> {
        let (state, key) = (self.state(), (app, device.clone()));
        let under_way = || state.batch.logins.iter().find(|(of, _)| *of == key).map(|(_, at)| *at);
        state.logins.get(&key).copied().or_else(under_way)
    }

    pub fn is_waiting(&self) -> bool {
        let state = self.state();
        !state.unwritten.is_empty() || !state.logins.is_empty()
    }

    /// About `count` of each (all cursors of a device together), for a commit; `settle` tells how that ended.
    pub fn take(&self, count: usize) -> Batch {
        let state = &mut *self.state();
        let mut cursors = Vec::new();
        while cursors.len() < count {
            let Some((app, device)) = state.unwritten.keys().next().cloned() else { break };
            let waiting = state.unwritten.remove(&(app, device.clone())).unwrap_or_default();
            let keyed = waiting.into_iter().map(|(user, no, seq)| ((app, device.clone(), user, no), seq));
            cursors.extend(keyed);
        }
        let devices: Vec<Device> = state.logins.keys().take(count).cloned().collect();
        let logins = devices.into_iter().filter_map(|key| state.logins.remove_entry(&key)).collect();
        state.batch = Batch { cursors, logins };
        state.batch.clone()
    }

    /// The commit of the batch taken last is done; what did not become durable waits again.
    pub fn settle(&self, durable: bool) {
        let state = &mut *self.state();
        let batch = std::mem::take(&mut state.batch);
        if durable {
            return;
        }
        for (key, seq) in batch.cursors {
            state.wait(key, seq);
        }
        for (device, at) in batch.logins {
            let waiting = state.logins.entry(device).or_default();
            *waiting = at.max(*waiting);
        }
    }
}

impl State {
    /// Lets a cursor wait for the next commit.
    fn wait(&mut self, (app, device, user, no): CursorKey, seq: Seq) {
        let waiting = self.unwritten.entry((app, device)).or_default();
        match waiting.iter_mut().find(|(of, in_no, _)| *in_no == no && *of == user) {
            Some((_, _, reached)) => *reached = seq.max(*reached),
            None => waiting.push((user, no, seq)),
        }
    }

    /// Cursors of a device and user that the file may not have yet.
    fn not_stored(&self, app: AppId, device: &DeviceId, user: &UserId) -> Vec<(u64, Seq)> {
        let waiting = self.unwritten.get(&(app, device.clone())).into_iter().flatten();
        let waiting = waiting.filter(|(of, _, _)| of == user).map(|(_, no, seq)| (*no, *seq));
        let in_commit = self.batch.cursors.iter().filter(|((of_app, of_device, of_user, _), _)| {
            (*of_app, of_device, of_user) == (app, device, user)
        });
        waiting.chain(in_commit.map(|((_, _, _, no), seq)| (*no, *seq))).collect()
    }

    fn put(&mut self, app: AppId, device: &DeviceId, loaded: Loaded) {
        self.cursors_len += loaded.reached.len() + 1;
        if let Some(before) = self.devices.insert((app, device.clone()), loaded) {
            self.cursors_len -= before.reached.len() + 1;
        }
    }

    /// Drops some devices when there are too many cursors; the file and `unwritten` still know them.
    fn shrink(&mut self, len_max: usize) {
        if self.cursors_len <= len_max {
            return;
        }
        let goal = len_max / 10 * 9;
        let mut left = self.cursors_len;
        self.devices.retain(|_, loaded| {
            let keep = left <= goal;
            if !keep {
                left -= loaded.reached.len() + 1;
            }
            keep
        });
        self.cursors_len = left;
    }
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.cursors.is_empty() && self.logins.is_empty()
    }

    pub fn write(&self, sql: &Connection) -> Result<(), Trouble> {
        for ((app, device, user, no), seq) in &self.cursors {
            columns::run(
                sql,
                "INSERT INTO device_cursors (app, device, user, conversation, seq) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
                params![app.0, device.as_str(), user.as_str(), int(*no), int(*seq)],
            )?;
        }
        for ((app, device), at) in &self.logins {
            columns::run(
                sql,
                "UPDATE devices SET last_login_at = max(last_login_at, ?3) WHERE app = ?1 AND id = ?2",
                params![app.0, device.as_str(), int(*at)],
            )?;
        }
        Ok(())
    }
}

/// What the file says of a device's cursors.
pub(super) fn stored(
    sql: &Connection,
    app: AppId,
    device: &DeviceId,
    user: &UserId,
) -> Result<Vec<(u64, Seq)>, Trouble> {
    columns::all(
        sql,
        "SELECT conversation, seq FROM device_cursors WHERE app = ?1 AND device = ?2 AND user = ?3",
        params![app.0, device.as_str(), user.as_str()],
        |row| Ok((columns::number(row, 0)?, columns::number(row, 1)?)),
    )
}

/// The user that logged in on a device last and did not log out.
pub(super) fn user_of(sql: &Connection, app: AppId, device: &DeviceId) -> Result<Option<UserId>, Trouble> {
    let query = "SELECT user FROM devices WHERE app = ?1 AND id = ?2";
    let found =
        columns::first(sql, query, params![app.0, device.as_str()], |row| columns::user_maybe(row, 0))?;
    Ok(found.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: AppId = AppId(1);

    fn device(n: usize) -> DeviceId {
        DeviceId::new(&format!("device-{n:04}")).unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    #[test]
    fn a_cursor_never_moves_back() {
        let coalesced = Coalesced::new(100);
        assert!(!coalesced.acknowledge(APP, &device(1), &user("ann"), 7, 3), "not loaded yet");
        coalesced.load(APP, &device(1), &user("ann"), vec![(7, 5)]);
        assert!(coalesced.acknowledge(APP, &device(1), &user("ann"), 7, 3));
        assert_eq!(coalesced.reached(APP, &device(1), 7), Some(5));
        assert!(!coalesced.is_waiting());
        assert!(coalesced.acknowledge(APP, &device(1), &user("ann"), 7, 6));
        assert!(coalesced.is_waiting());
    }

    #[test]
    fn another_user_of_the_device_has_its_own() {
        let coalesced = Coalesced::new(100);
        coalesced.load(APP, &device(1), &user("ann"), vec![]);
        coalesced.acknowledge(APP, &device(1), &user("ann"), 7, 4);
        coalesced.load(APP, &device(1), &user("bob"), vec![]);
        assert_eq!(coalesced.reached(APP, &device(1), 7), Some(0));
        coalesced.load(APP, &device(1), &user("ann"), vec![]);
        assert_eq!(coalesced.reached(APP, &device(1), 7), Some(4), "not written yet, not forgotten");
    }

    #[test]
    fn what_failed_waits_again_and_what_came_meanwhile_counts() {
        let coalesced = Coalesced::new(100);
        coalesced.load(APP, &device(1), &user("ann"), vec![]);
        coalesced.acknowledge(APP, &device(1), &user("ann"), 7, 4);
        assert_eq!(coalesced.take(10).cursors.len(), 1);
        coalesced.acknowledge(APP, &device(1), &user("ann"), 7, 9);
        coalesced.settle(false);
        let batch = coalesced.take(10);
        assert_eq!(batch.cursors[0].1, 9);
        coalesced.settle(true);
        assert!(!coalesced.is_waiting());
    }

    #[test]
    fn the_number_of_cursors_is_bounded() {
        let coalesced = Coalesced::new(50);
        for n in 0..200 {
            coalesced.load(APP, &device(n), &user("ann"), vec![(1, 1), (2, 2)]);
            assert!(coalesced.state().cursors_len <= 50);
        }
        let state = coalesced.state();
        let counted: usize = state.devices.values().map(|loaded| loaded.reached.len() + 1).sum();
        assert_eq!(counted, state.cursors_len);
    }
}

//! What an operator has to look at: raised and ended here, kept in the store, shown in metrics, pages and logs.
//!
//! The board in memory is what counts while the server runs; the store has it for the next start and for the
//! command line, which may end alarms there.

use super::{credentials::CredentialKey, exchange::cut};
use crate::{
    clock::Clock,
    store::{Alarm, Store},
};
use hongyan_wire::AppId;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// An operator is told of the same trouble at most this often, in ms.
const WARNING_EVERY_MS: u64 = 60_000;
/// Trouble that does not pause anything is over when it was not seen for so long, in ms.
const QUIET_MS: u64 = 86_400_000;
/// Between two writes.
const PAUSE: Duration = Duration::from_millis(500);

/// A kind of trouble that only people can end. The code is kept in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AlarmKind {
    /// The vendor refuses the credential; it is paused.
    CredentialRefused,
    /// The app lacks a right, or its devices belong to another project.
    Right,
    /// So many tokens were called dead, with nothing accepted, that it is not believed.
    MassDeath,
    /// A quota is used up.
    Quota,
    /// The vendor finds requests wrong: a fault of this program or of a strategy.
    Request,
    /// Fresh bearer tokens have expired already: this machine's clock is wrong.
    Clock,
    /// The vendor is in trouble, or cannot be reached, for longer than a moment.
    VendorTrouble,
}

impl AlarmKind {
    /// Every kind.
    pub const ALL: [AlarmKind; 7] = [
        AlarmKind::CredentialRefused,
        AlarmKind::Right,
        AlarmKind::MassDeath,
        AlarmKind::Quota,
        AlarmKind::Request,
        AlarmKind::Clock,
        AlarmKind::VendorTrouble,
    ];
    /// Those that a probe ends which is answered in good order.
    pub(super) const ENDED_BY_A_PROBE: [AlarmKind; 2] =
        [AlarmKind::CredentialRefused, AlarmKind::VendorTrouble];
    /// Those that a new credential ends.
    pub(super) const ENDED_BY_REPLACING: [AlarmKind; 2] = [AlarmKind::CredentialRefused, AlarmKind::Right];
    /// Those that end when the vendor accepts something.
    pub(super) const ENDED_BY_SUCCESS: [AlarmKind; 2] = [AlarmKind::MassDeath, AlarmKind::Clock];

    /// Its name in the store and in metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::CredentialRefused => "credential_refused",
            Self::Right => "right_missing",
            Self::MassDeath => "mass_death",
            Self::Quota => "quota",
            Self::Request => "bad_request",
            Self::Clock => "clock",
            Self::VendorTrouble => "vendor_trouble",
        }
    }

    /// What to do about it, in a sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::CredentialRefused => {
                "Pushes wait. Correct project or key at the vendor, or replace the credential."
            }
            Self::Right => {
                "Ask the vendor for the right, or check that the app belongs to the credential's project."
            }
            Self::MassDeath => "No token was dropped. Check that the credential belongs to the devices' app.",
            Self::Quota => "Send less, or ask the vendor for more.",
            Self::Request => "The trace of a failed message shows what the vendor found wrong.",
            Self::Clock => "Set this machine's clock.",
            Self::VendorTrouble => "Pushes wait. Check the network and the vendor's status.",
        }
    }

    /// The same in Chinese.
    pub fn advice_zh(self) -> &'static str {
        match self {
            Self::CredentialRefused => "推送在等待。请在厂商处更正项目或密钥，或更换凭据。",
            Self::Right => "请向厂商申请相应权益，或检查应用是否属于该凭据的项目。",
            Self::MassDeath => "没有删除任何 token。请检查凭据是否属于这些设备的应用。",
            Self::Quota => "减少发送量，或向厂商申请更高配额。",
            Self::Request => "失败消息的链路追踪会显示厂商指出的问题。",
            Self::Clock => "请校准本机时钟。",
            Self::VendorTrouble => "推送在等待。请检查网络以及厂商的服务状态。",
        }
    }

    /// Reads a code back; `None` for one that this program does not know.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    fn pauses(self) -> bool {
        matches!(self, Self::CredentialRefused)
    }
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether an alarm lasts at `now_ms`.
pub fn lasts(alarm: &Alarm, now_ms: u64) -> bool {
    let pauses = AlarmKind::from_code(&alarm.kind).is_some_and(AlarmKind::pauses);
    alarm.cleared_at.is_none() && (pauses || now_ms < alarm.last_at.saturating_add(QUIET_MS))
}

struct Entry {
    alarm: Alarm,
    dirty: bool,
    warned_at: u64,
}

/// The board of alarms.
#[derive(Default)]
pub struct Alarms {
    board: Mutex<BTreeMap<(CredentialKey, AlarmKind), Entry>>,
    changed: Notify,
}

impl Alarms {
    /// Those that last, of one app or of all.
    pub fn lasting(&self, app: Option<AppId>, now_ms: u64) -> Vec<Alarm> {
        let board = self.lock();
        let lasting = board.values().map(|entry| &entry.alarm).filter(|alarm| lasts(alarm, now_ms));
        lasting.filter(|alarm| app.is_none_or(|app| app == alarm.app)).cloned().collect()
    }

    /// Ends whatever lasts of a credential, by hand.
    pub fn resume(&self, key: CredentialKey, now_ms: u64) {
        self.clear(key, &AlarmKind::ALL, now_ms);
    }

    /// The pause of a credential, if it is paused.
    pub(super) fn pause_of(&self, key: CredentialKey) -> Option<Alarm> {
        let board = self.lock();
        let entry = board.get(&(key, AlarmKind::CredentialRefused))?;
        entry.alarm.cleared_at.is_none().then(|| entry.alarm.clone())
    }

    /// Every paused credential.
    pub(super) fn pauses(&self) -> Vec<(CredentialKey, Alarm)> {
        let board = self.lock();
        let pauses = board.iter().filter(|((_, kind), entry)| {
            *kind == AlarmKind::CredentialRefused && entry.alarm.cleared_at.is_none()
        });
        pauses.map(|((key, _), entry)| (*key, entry.alarm.clone())).collect()
    }

    /// Trouble was seen: an alarm begins, or goes on. `message` is without tokens.
    pub fn raise(&self, key: CredentialKey, kind: AlarmKind, code: &str, message: &str, now_ms: u64) {
        let mut board = self.lock();
        let entry = board.entry((key, kind)).or_insert_with(|| Entry::new(key, kind));
        if !lasts(&entry.alarm, now_ms) {
            *entry = Entry::new(key, kind);
            (entry.alarm.since, entry.alarm.cleared_at) = (now_ms, None);
        }
        let alarm = &mut entry.alarm;
        (alarm.code, alarm.message) = (code.to_owned(), cut(message.to_owned()));
        alarm.last_at = now_ms;
        alarm.count += 1;
        entry.dirty = true;
        if alarm.count == 1 || now_ms >= entry.warned_at.saturating_add(WARNING_EVERY_MS) {
            entry.warned_at = now_ms;
            tracing::warn!(
                app.id = %key.0, vendor = %key.1, app_type = key.2, alarm = %kind, code, message,
                "pushes of an app need its operator: {}", kind.advice()
            );
        }
        self.changed.notify_one();
    }

    /// Trouble is over.
    pub(super) fn clear(&self, key: CredentialKey, kinds: &[AlarmKind], now_ms: u64) {
        let mut board = self.lock();
        for kind in kinds {
            let entry = board.get_mut(&(key, *kind)).filter(|entry| entry.alarm.cleared_at.is_none());
            if let Some(entry) = entry {
                entry.alarm.cleared_at = Some(now_ms);
                entry.dirty = true;
                tracing::info!(app.id = %key.0, vendor = %key.1, app_type = key.2, alarm = %kind, "an alarm is over");
                self.changed.notify_one();
            }
        }
    }

    /// Takes over what the store has: all of it at the start, later the ends that another process has written.
    pub(super) fn heed(&self, stored: Vec<Alarm>) {
        let mut board = self.lock();
        for alarm in stored {
            let Some(kind) = AlarmKind::from_code(&alarm.kind) else { continue };
            let key = (alarm.app, alarm.vendor, alarm.app_type);
            match board.get_mut(&(key, kind)) {
                Some(known) if known.alarm.since == alarm.since => {
                    known.alarm.cleared_at = known.alarm.cleared_at.or(alarm.cleared_at);
                }
                Some(_) => {}
                None => {
                    board.insert((key, kind), Entry { alarm, dirty: false, warned_at: 0 });
                }
            }
        }
    }

    /// Whether anything lasts that another process could end.
    pub(super) fn any(&self) -> bool {
        self.lock().values().any(|entry| entry.alarm.cleared_at.is_none())
    }

    /// Writes what changed until it is stopped, and once more then.
    pub(super) async fn run(self: Arc<Self>, store: Arc<dyn Store>, clock: Clock, stop: CancellationToken) {
        let mut stopped = false;
        while !stopped {
            stopped = tokio::select! {
                () = stop.cancelled() => true,
                () = self.changed.notified() => false,
            };
            let changed = self.take_dirty();
            if changed.is_empty() {
                continue;
            }
            if let Err(error) = store.put_alarms(changed.clone()).await {
                tracing::warn!(%error, "alarms of push were not written");
                self.give_back(&changed);
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = clock.sleep(PAUSE) => {}
            }
        }
    }

    fn take_dirty(&self) -> Vec<Alarm> {
        let mut board = self.lock();
        let dirty = board.values_mut().filter(|entry| entry.dirty);
        let taken = dirty.map(|entry| {
            entry.dirty = false;
            entry.alarm.clone()
        });
        taken.collect()
    }

    fn give_back(&self, alarms: &[Alarm]) {
        let mut board = self.lock();
        for alarm in alarms {
            let key = (alarm.app, alarm.vendor, alarm.app_type);
            let kind = AlarmKind::from_code(&alarm.kind);
            if let Some(entry) = kind.and_then(|kind| board.get_mut(&(key, kind))) {
                entry.dirty = true;
            }
        }
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(CredentialKey, AlarmKind), Entry>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Alarms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alarms")
    }
}

impl Entry {
    /// One that has not been seen.
    fn new((app, vendor, app_type): CredentialKey, kind: AlarmKind) -> Self {
        let alarm = Alarm {
            app,
            vendor,
            app_type,
            kind: kind.code().into(),
            code: String::new(),
            message: String::new(),
            since: 0,
            last_at: 0,
            count: 0,
            cleared_at: Some(0),
        };
        Self { alarm, dirty: false, warned_at: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hongyan_vendors::VendorKind;

    const KEY: CredentialKey = (AppId(1), VendorKind::Harmony, 1);

    fn raise(alarms: &Alarms, kind: AlarmKind, now: u64) {
        alarms.raise(KEY, kind, "80300002", "no", now);
    }

    #[test]
    fn codes_read_back() {
        for kind in AlarmKind::ALL {
            assert_eq!(AlarmKind::from_code(kind.code()), Some(kind));
        }
    }

    #[test]
    fn an_episode_counts_up_and_a_new_one_begins_anew() {
        let alarms = Alarms::default();
        raise(&alarms, AlarmKind::Right, 10);
        raise(&alarms, AlarmKind::Right, 20);
        let seen = |now| alarms.lasting(Some(AppId(1)), now).first().map(|alarm| (alarm.since, alarm.count));
        assert_eq!((seen(20), alarms.lasting(Some(AppId(2)), 20)), (Some((10, 2)), vec![]));
        alarms.clear(KEY, &AlarmKind::ALL, 30);
        assert_eq!(seen(30), None);
        raise(&alarms, AlarmKind::Right, 40);
        assert_eq!(seen(40), Some((40, 1)));
        assert_eq!(seen(40 + QUIET_MS), None, "not seen for a day");
    }

    #[test]
    fn a_pause_lasts_until_it_is_ended() {
        let alarms = Alarms::default();
        raise(&alarms, AlarmKind::CredentialRefused, 10);
        assert_eq!(alarms.lasting(None, 10 * QUIET_MS).len(), 1);
        let elsewhere = Alarm { cleared_at: Some(50), ..alarms.pause_of(KEY).unwrap() };
        alarms.heed(vec![Alarm { since: 9, ..elsewhere.clone() }]);
        assert!(alarms.pause_of(KEY).is_some(), "the end of an older episode");
        alarms.heed(vec![elsewhere]);
        assert!(alarms.pause_of(KEY).is_none() && !alarms.any());
    }
}

//! What all requests, sockets and workers of one emulator share, and the methods that control it from Rust.
//! The same over HTTP is `control`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use jsonwebtoken::DecodingKey;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::EmulatorConfig;
use crate::control::BadControl;
use crate::device::{Phone, PhoneError, PhoneView};
use crate::faults::{Fault, FaultSpec, Faults, Meddling, Target};
use crate::push_kit::answer::Reason;
use crate::push_kit::auth::{self, JwtTime, Key, Keyring, Look};
use crate::push_kit::codes::{Refusal, StatusMap};
use crate::push_kit::projects::{KeySpec, ProjectSpec, ReceiverOrder};
use crate::push_kit::quotas::{Limits, LimitsChange};
use crate::push_kit::receipts::ReceiptCounts;
use crate::push_kit::receipts_post::ReceiptPolicy;
use crate::push_kit::service_account::{self, KeyBits};
use crate::requests_log::{LogPage, LogState, LoggedRequest, RequestLog};
use crate::world::{Bells, World};

const POISONED: &str = "a thread panicked while it changed the emulator's state";

/// The state of an emulator. Clones share it. Every method is quick unless it says otherwise.
#[derive(Clone)]
pub struct EmulatorState {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    keyring: Mutex<Keyring>,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    log: Mutex<RequestLog>,
    receipts: Mutex<ReceiptPolicy>,
    statuses: StatusMap,
    limits: Limits,
    skew_s: u64,
    /// Keeps the IDs of service accounts of two emulators apart.
    salt: u64,
    numbers: AtomicU64,
    bells: Bells,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl EmulatorState {
    /// A state that nobody serves: no listener, no timers, no receipts by themselves. For simulations, which ask
    /// `routes` directly and move its clock by hand.
    ///
    /// # Errors
    /// Settings that make no sense.
    pub fn standing(config: &EmulatorConfig) -> Result<EmulatorState, BadControl> {
        Self::new(config)
    }

    pub(crate) fn new(config: &EmulatorConfig) -> Result<EmulatorState, BadControl> {
        config.receipts.check()?;
        let seed = config.seed.unwrap_or_else(rand::random);
        let bells = Bells::default();
        let shared = Shared {
            clock: config.clock.clone(),
            keyring: Mutex::default(),
            world: Mutex::new(World::new(seed, bells.clone())),
            faults: Mutex::new(Faults::new(seed)),
            log: Mutex::new(RequestLog::new(config.log_len)),
            receipts: Mutex::new(config.receipts),
            statuses: StatusMap::new(config.statuses.clone()),
            limits: config.limits,
            skew_s: config.clock_skew.as_secs(),
            salt: rand::random(),
            numbers: AtomicU64::new(0),
            bells,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        Ok(EmulatorState { shared: Arc::new(shared) })
    }

    /// The time of this emulator.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The big lock, with everything due already done.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.shared.world.lock().expect(POISONED);
        world.tick(self.shared.clock.now_ms());
        world
    }

    /// A number given out once.
    pub(crate) fn number(&self) -> u64 {
        self.shared.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn statuses(&self) -> &StatusMap {
        &self.shared.statuses
    }

    // Stopping and the workers.

    pub(crate) fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
    }

    pub(crate) async fn stopped(&self) {
        self.shared.stop.cancelled().await;
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.shared.tasks
    }

    /// Runs `task` so that shutting down waits for it.
    pub(crate) async fn track(&self, task: impl Future<Output = ()>) {
        self.shared.tasks.track_future(task).await;
    }

    pub(crate) async fn receipts_waiting(&self) {
        self.shared.bells.receipts.notified().await;
    }

    /// Runs what becomes due while nobody else looks at the world.
    pub(crate) async fn run_timers(self) {
        loop {
            let due_ms = self.world().next_due_ms();
            let due = async {
                match due_ms {
                    Some(due_ms) => self.shared.clock.sleep_until(due_ms).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stopped() => return,
                () = self.shared.bells.timers.notified() => {}
                () = due => {}
            }
        }
    }

    // Who may call.

    /// The project of a bearer. Verifies a JWT it has not seen before; that takes about 0.1 ms.
    pub(crate) fn authenticate(&self, header: Option<&str>) -> Result<Arc<str>, Refusal> {
        let jwt = auth::bearer(header)?;
        let time = JwtTime { now_s: self.shared.clock.now_ms() / 1000, skew_s: self.shared.skew_s };
        let look = self.keyring().look(jwt, time);
        let (key, version) = match look {
            Look::Known(verdict) => return verdict,
            Look::Fresh(key, version) => (key, version),
        };
        let verdict = auth::verify(jwt, &key, time)?;
        self.keyring().remember(jwt, &verdict, version, time.now_s);
        Ok(verdict.project_id)
    }

    fn keyring(&self) -> MutexGuard<'_, Keyring> {
        self.shared.keyring.lock().expect(POISONED)
    }

    // Faults and the log.

    pub(crate) fn meddling(&self, target: &Target<'_>) -> Meddling {
        let mut faults = self.faults_in_force();
        if faults.is_empty() {
            return Meddling::none();
        }
        faults.pick(target).unwrap_or_else(Meddling::none)
    }

    fn faults_in_force(&self) -> MutexGuard<'_, Faults> {
        self.shared.faults.lock().expect(POISONED)
    }

    pub(crate) fn any_faults(&self) -> bool {
        !self.faults_in_force().is_empty()
    }

    fn log(&self) -> MutexGuard<'_, RequestLog> {
        self.shared.log.lock().expect(POISONED)
    }

    pub(crate) fn log_request(&self, request: impl FnOnce() -> LoggedRequest) {
        let mut log = self.log();
        if log.on() {
            log.add(request());
        }
    }

    pub(crate) fn log_state(&self) -> LogState {
        self.log().state()
    }

    // Control from Rust.

    /// Registers a project, or adds to it. Nothing changes when anything in `spec` is wrong.
    pub fn register_project(&self, spec: &ProjectSpec) -> Result<(), BadControl> {
        let keys = spec.keys.iter().map(parse_key).collect::<Result<Vec<_>, _>>()?;
        for key in &spec.keys {
            let owner = self.keyring().project_of(&key.key_id);
            if owner.is_some_and(|project| *project != *spec.project_id) {
                return Err(BadControl::new(format!("keyId {} belongs to another project", key.key_id)));
            }
        }
        let project_id = self.world().projects.register(spec, self.shared.limits)?;
        for (key, decoding) in spec.keys.iter().zip(keys) {
            let (project_id, sub_account) = (project_id.clone(), key.sub_account.clone());
            self.keyring().register(&key.key_id, Key { project_id, sub_account, decoding });
        }
        Ok(())
    }

    /// Makes a service account of a project (registering the project if it is new) with a 3072-bit key, and
    /// returns the key file, all eight fields. Takes a part of a second: not for an async task.
    pub fn new_service_account(&self, project_id: &str) -> Result<String, BadControl> {
        self.new_service_account_sized(project_id, KeyBits::default())
    }

    /// The same with a key of another size.
    pub fn new_service_account_sized(&self, project_id: &str, bits: KeyBits) -> Result<String, BadControl> {
        let account = service_account::make(project_id, bits, self.number(), self.shared.salt)?;
        let keys = vec![account.key];
        let spec = ProjectSpec { project_id: project_id.to_owned(), keys, ..ProjectSpec::default() };
        self.register_project(&spec)?;
        Ok(account.file)
    }

    /// Takes up a key file made earlier (by any emulator), registering its project if it is new. The private
    /// key is not kept.
    pub fn register_service_account(&self, file: &str) -> Result<(), BadControl> {
        let (project_id, key) = service_account::read(file)?;
        self.register_project(&ProjectSpec { project_id, keys: vec![key], ..ProjectSpec::default() })
    }

    /// A phone, made when it is new. Its ID: 1..=128 bytes without control characters.
    pub fn phone(&self, device_id: &str) -> Result<Phone, PhoneError> {
        Phone::open(self.clone(), device_id)
    }

    /// All phones, by their IDs.
    pub fn phones(&self) -> Vec<PhoneView> {
        let mut phones: Vec<PhoneView> = self.world().phones.all().map(|phone| phone.view()).collect();
        phones.sort_by(|one, other| one.device_id.cmp(&other.device_id));
        phones
    }

    /// Puts a fault in force; the ID is for [`EmulatorState::remove_fault`].
    pub fn add_fault(&self, spec: FaultSpec) -> Result<u64, BadControl> {
        self.faults_in_force().add(spec)
    }

    /// The faults in force, oldest first.
    pub fn faults(&self) -> Vec<Fault> {
        self.faults_in_force().list().to_vec()
    }

    /// Removes one fault; false when there is none with this ID.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.faults_in_force().remove(id)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.faults_in_force().clear();
    }

    /// Makes the cloud refuse a token from now on, whatever the phone thinks of it.
    pub fn kill_token(&self, token: &str, reason: Reason) -> Result<(), BadControl> {
        if self.world().phones.kill(token, reason) {
            return Ok(());
        }
        Err(BadControl::unknown("this token was never given out"))
    }

    /// Changes limits of a project.
    pub fn set_limits(&self, project_id: &str, change: &LimitsChange) -> Result<Limits, BadControl> {
        let mut world = self.world();
        let project = world.projects.by_id.get_mut(project_id);
        let project = project.ok_or_else(|| BadControl::unknown("no such project"))?;
        change.apply(&mut project.limits);
        Ok(project.limits)
    }

    /// Changes where an app's receipts go.
    pub fn set_receipts(&self, order: &ReceiverOrder) -> Result<(), BadControl> {
        self.world().projects.set_receiver(order)
    }

    /// How receipts are posted.
    pub fn receipt_policy(&self) -> ReceiptPolicy {
        *self.shared.receipts.lock().expect(POISONED)
    }

    /// Changes how receipts are posted.
    pub fn set_receipt_policy(&self, policy: ReceiptPolicy) -> Result<(), BadControl> {
        policy.check()?;
        *self.shared.receipts.lock().expect(POISONED) = policy;
        Ok(())
    }

    /// What became of the receipts so far.
    pub fn receipt_counts(&self) -> ReceiptCounts {
        self.world().office.outbox.counts()
    }

    /// Waits until no receipt is waiting or under way.
    pub async fn receipts_settled(&self) {
        loop {
            let settled = self.shared.bells.settled.notified();
            tokio::pin!(settled);
            // Listening before looking: a settlement in between is not missed.
            settled.as_mut().enable();
            if self.receipt_counts().waiting == 0 {
                return;
            }
            settled.await;
        }
    }

    /// Vendor requests with a sequence number over `since`.
    pub fn requests(&self, since: u64) -> LogPage {
        self.log().page(since)
    }

    /// Changes how many vendor requests are remembered; 0 switches the log off.
    pub fn set_log_len(&self, entries: usize) {
        self.log().resize(entries);
    }
}

fn parse_key(key: &KeySpec) -> Result<DecodingKey, BadControl> {
    if key.key_id.is_empty() || key.sub_account.is_empty() {
        return Err(BadControl::new("keyId and subAccount must not be empty"));
    }
    DecodingKey::from_rsa_pem(key.public_key_pem.as_bytes()).map_err(|_| {
        BadControl::new("publicKeyPem must be the PEM text of an RSA public key (BEGIN PUBLIC KEY)")
    })
}

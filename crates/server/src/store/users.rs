//! Users, their devices, PushIDs and bindings.

use super::StoreError;
use hongyan_vendors::VendorKind;
use hongyan_wire::{AppId, DeviceId, PushId, UserId, client::PushRule};
use std::{collections::HashMap, sync::Arc};

/// A registered user.
#[derive(Clone, PartialEq, Debug)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// ≤ 256 bytes.
    pub name: String,
    /// ≤ 500 bytes.
    pub avatar_url: String,
    /// Unix time in ms of the first login.
    pub created_at: u64,
}

/// A login that was verified.
#[derive(Clone, Debug)]
pub struct LoginRecord {
    /// Where.
    pub app: AppId,
    /// Who.
    pub user: UserId,
    /// New name, or keep the old one.
    pub name: Option<String>,
    /// On which device.
    pub device: DeviceId,
    /// ZIMPlatformType.
    pub platform: u8,
    /// Unix time in ms.
    pub now_ms: u64,
}

/// What a login led to.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The user now.
    pub user: User,
    /// It was the user's first login.
    pub created: bool,
    /// Whether a living PushID of this device is bound to the user now.
    pub push_bound: bool,
    /// Unix time in ms of the device's login before this one, with the same user; 0 when there was none.
    pub last_login_at: u64,
    /// Unix time in ms of this user's first login on the device.
    pub since: u64,
}

/// A vendor token that a device registers.
#[derive(Clone, Debug)]
pub struct NewPush {
    /// Where.
    pub app: AppId,
    /// Which device.
    pub device: DeviceId,
    /// Bind to this user now (the session's user), or leave as it is.
    pub user: Option<UserId>,
    /// Which vendor.
    pub vendor: VendorKind,
    /// The vendor's token. Never logged.
    pub token: String,
    /// 1 or 2.
    pub app_type: u8,
    /// BCP 47.
    pub locale: String,
    /// Unix time in ms.
    pub now_ms: u64,
}

/// Where a push for a user can go.
#[derive(Clone, PartialEq, Debug)]
pub struct PushTarget {
    /// Its public name.
    pub push_id: PushId,
    /// The device.
    pub device: DeviceId,
    /// Bound user.
    pub user: UserId,
    /// Which vendor.
    pub vendor: VendorKind,
    /// The vendor's token. Never logged.
    pub token: String,
    /// 1 or 2.
    pub app_type: u8,
    /// ZIMPlatformType of the device's last login.
    pub platform: u8,
    /// The vendor said that the token is dead; a new registration revives it.
    pub tombstone: Option<Tombstone>,
    /// A receipt said that notices do not come through; a new registration or login lifts it.
    pub suspension: Option<Suspension>,
}

/// Why a token is dead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// The vendor's code or reason.
    pub code: String,
    /// Unix time in ms.
    pub at: u64,
}

/// Why nothing is pushed to a living token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suspension {
    /// Code of a `push::reasons::Reason`.
    pub reason: String,
    /// Unix time in ms.
    pub at: u64,
}

/// A device as traces and tools show it.
#[derive(Clone, PartialEq, Debug)]
pub struct DeviceRecord {
    /// The device.
    pub device: DeviceId,
    /// Last user that logged in on it, if not logged out since.
    pub user: Option<UserId>,
    /// ZIMPlatformType.
    pub platform: u8,
    /// Unix time in ms.
    pub last_login_at: u64,
}

/// A PushID, whether somebody is bound to it or not; without the vendor's token.
#[derive(Clone, PartialEq, Debug)]
pub struct PushRecord {
    /// Its public name.
    pub push_id: PushId,
    /// The device.
    pub device: DeviceId,
    /// Bound user.
    pub user: Option<UserId>,
    /// Which vendor.
    pub vendor: VendorKind,
    /// 1 or 2.
    pub app_type: u8,
    /// ZIMPlatformType of the device's last login; 0 when it never logged in.
    pub platform: u8,
    /// The vendor said that the token is dead.
    pub tombstone: Option<Tombstone>,
    /// A receipt said that notices do not come through.
    pub suspension: Option<Suspension>,
}

/// Users, devices, PushIDs.
#[async_trait::async_trait]
pub trait UserStore {
    /// One transaction: registers the user at the first login, keeps or changes the name, notes the device's
    /// user, and binds every PushID of the device to the user (taking it from another user),
    /// which lifts suspensions.
    async fn sign_in(&self, login: LoginRecord) -> Result<SignedIn, StoreError>;

    /// Unbinds every PushID of the device from this user, durable before it returns. Second call: nothing.
    async fn sign_out(&self, app: AppId, user: &UserId, device: &DeviceId) -> Result<(), StoreError>;

    /// Users by ID; those that exist, in any order.
    async fn users(&self, app: AppId, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// One transaction: same device and token give the same PushID (revived if dead, its suspension lifted);
    /// another token of the same device, vendor and app_type takes the old PushID's place; a token seen on
    /// another device moves here.
    async fn register_push(&self, push: NewPush) -> Result<PushId, StoreError>;

    /// Forgets the PushID (or all) of a device, durable before it returns. The number forgotten.
    async fn unregister_push(
        &self,
        app: AppId,
        device: &DeviceId,
        push_id: Option<&PushId>,
    ) -> Result<usize, StoreError>;

    /// PushIDs bound to these users, dead ones included (for the trace). Users without one are absent.
    async fn push_targets(
        &self,
        app: AppId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Arc<[PushTarget]>>, StoreError>;

    /// The vendor's token of a PushID that is not dead, whoever is bound to it now.
    async fn push_token(&self, app: AppId, push_id: &PushId) -> Result<Option<String>, StoreError>;

    /// The user's push rule; the default when none was set.
    async fn push_rule(&self, app: AppId, user: &UserId) -> Result<PushRule, StoreError>;

    /// Replaces the user's push rule, durable.
    async fn set_push_rule(&self, app: AppId, user: &UserId, rule: PushRule) -> Result<(), StoreError>;

    /// Looks one PushID up.
    async fn push_target(&self, app: AppId, push_id: &PushId) -> Result<Option<PushTarget>, StoreError>;

    /// Users whose ID begins with `prefix` and comes after `after`, by ID, up to `count`.
    async fn users_page(
        &self,
        app: AppId,
        prefix: &str,
        after: Option<&UserId>,
        count: usize,
    ) -> Result<Vec<User>, StoreError>;

    /// Devices on which this user was the last to log in and did not log out, newest login first, up to 100.
    async fn devices_of(&self, app: AppId, user: &UserId) -> Result<Vec<DeviceRecord>, StoreError>;

    /// One PushID, also one that nobody is bound to.
    async fn push_record(&self, app: AppId, push_id: &PushId) -> Result<Option<PushRecord>, StoreError>;

    /// Parts a PushID from its user until the next login on its device, durable before it returns. The user it was
    /// bound to; `None` when nobody was.
    async fn unbind_push(&self, app: AppId, push_id: &PushId) -> Result<Option<UserId>, StoreError>;
}

//! Who may use the console, how they log in, and what they did.

use super::StoreError;
use hongyan_vendors::Secret;
use hongyan_wire::AppId;
use serde::{Deserialize, Serialize};

/// What an administrator may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads the apps it may see.
    Viewer,
    /// Changes them too.
    Operator,
    /// Everything: apps, administrators, the audit log.
    Owner,
}

impl Role {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    /// Reads a name back.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Operator, Self::Owner].into_iter().find(|role| role.as_str() == name)
    }
}

/// Somebody who may use the console.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// Row.
    pub id: u64,
    /// For people and for logging in; unique.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Apps that it may see; `None`: all.
    pub apps: Option<Vec<AppId>>,
    /// May not log in.
    pub disabled: bool,
    /// A PHC string; `None` until one was set by a link.
    pub password: Option<Secret>,
    /// Unix time in ms.
    pub created_at: u64,
    /// Unix time in ms.
    pub last_login_at: Option<u64>,
}

/// What `create_administrator` needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAdministrator {
    /// 1..=64 characters.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Apps that it may see; `None`: all. An owner sees all whatever is said.
    pub apps: Option<Vec<AppId>>,
}

/// What `change_administrator` changes; `None` leaves it as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AdministratorChange {
    /// What it may do.
    pub role: Option<Role>,
    /// Apps that it may see.
    pub apps: Option<Option<Vec<AppId>>>,
    /// May not log in.
    pub disabled: Option<bool>,
}

/// What `change_administrator` led to.
#[derive(Clone, Debug)]
pub enum AdministratorChanged {
    /// As it is now.
    Done(Administrator),
    /// It would leave no owner who can log in.
    LastOwner,
    /// There is none.
    NoSuch,
}

/// SHA-256 of a token that is shown once.
pub type TokenHash = [u8; 32];

/// A one-time link as it is stored.
#[derive(Clone, Debug)]
pub struct Link {
    /// Whose password it sets; `None`: it makes the first administrator.
    pub administrator: Option<Administrator>,
    /// Unix time in ms.
    pub expires_at: u64,
}

/// What `use_link` led to.
#[derive(Clone, Debug)]
pub enum LinkUse {
    /// The administrator with its new password.
    Done(Administrator),
    /// The link was used, is over, or never was; or there is a first administrator already.
    Gone,
}

/// A login that was verified.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// Of its cookie.
    pub hash: TokenHash,
    /// Whose.
    pub administrator: u64,
    /// Unix time in ms.
    pub now_ms: u64,
    /// Unix time in ms.
    pub expires_at: u64,
}

/// Something that was done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditEntry {
    /// Row, rising; 0 for one that is not written yet.
    pub id: u64,
    /// Unix time in ms.
    pub at: u64,
    /// Who.
    pub by: String,
    /// From which address.
    pub address: String,
    /// What, as `app.create`.
    pub action: String,
    /// In which app.
    pub app: Option<AppId>,
    /// To what; never a secret.
    pub target: String,
    /// What changed, without secrets.
    pub detail: String,
}

/// Which entries are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditFilter {
    /// Below this row.
    pub before: Option<u64>,
    /// Of this app.
    pub app: Option<AppId>,
    /// By this administrator.
    pub by: Option<String>,
}

/// Administrators, their logins, and the audit log. Another process (the command line) may write here too.
#[async_trait::async_trait]
pub trait AdministratorStore {
    /// All, by name.
    async fn administrators(&self) -> Result<Vec<Administrator>, StoreError>;

    /// Makes one without a password. `None` when the name is taken.
    async fn create_administrator(
        &self,
        new: NewAdministrator,
        now_ms: u64,
    ) -> Result<Option<Administrator>, StoreError>;

    /// Changes one, all or nothing. Disabling ends its logins and links.
    async fn change_administrator(
        &self,
        id: u64,
        change: AdministratorChange,
    ) -> Result<AdministratorChanged, StoreError>;

    /// Puts a one-time link in place of the one for the same administrator (or, without one, for the first).
    async fn put_link(
        &self,
        hash: TokenHash,
        administrator: Option<u64>,
        expires_at: u64,
    ) -> Result<(), StoreError>;

    /// A link that may still be used. A link for the first administrator is over when there is one.
    async fn link(&self, hash: TokenHash, now_ms: u64) -> Result<Option<Link>, StoreError>;

    /// One transaction: spends the link, sets the password, ends other logins; the link for the first
    /// administrator makes an owner of this name. A link is spent once, however many try at the same time.
    async fn use_link(
        &self,
        hash: TokenHash,
        first_name: String,
        password: Secret,
        now_ms: u64,
    ) -> Result<LinkUse, StoreError>;

    /// Sets a password and ends every login but `keep`. Without a password nobody logs in until a link was used.
    /// `false` when there is no such administrator.
    async fn set_password(
        &self,
        id: u64,
        password: Option<Secret>,
        keep: Option<TokenHash>,
    ) -> Result<bool, StoreError>;

    /// Begins a login and notes its time; the oldest of an administrator's twenty give way.
    async fn begin_login(&self, login: NewLogin) -> Result<(), StoreError>;

    /// Whose login this is, and when it ends; `None` when it is over or its administrator disabled.
    async fn login(&self, hash: TokenHash, now_ms: u64) -> Result<Option<(Administrator, u64)>, StoreError>;

    /// Ends a login. Second call: nothing.
    async fn end_login(&self, hash: TokenHash) -> Result<(), StoreError>;

    /// Writes an entry. The newest 100 000 are kept.
    async fn note(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// Entries, newest first.
    async fn audit(&self, filter: AuditFilter, count: usize) -> Result<Vec<AuditEntry>, StoreError>;
}

//! Block lists: whom a user does not want to hear from. Asked for every peer message, so kept in memory.

use super::StoreError;
use hongyan_wire::{AppId, UserId};

/// What became of one user of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blocking {
    /// Done, on stable storage.
    Done,
    /// It was so before.
    Already,
    /// The list has its full number of users.
    Full,
    /// This user never logged in.
    NoSuchUser,
}

/// Block lists.
#[async_trait::async_trait]
pub trait BlockStore {
    /// Puts users on the list of `user`, which holds `list_max` at most. One transaction; an answer for each,
    /// in order.
    async fn block(
        &self,
        app: AppId,
        user: &UserId,
        others: &[UserId],
        list_max: usize,
        now_ms: u64,
    ) -> Result<Vec<Blocking>, StoreError>;

    /// Takes users off the list. One transaction; `Already` for those who were not on it.
    async fn unblock(
        &self,
        app: AppId,
        user: &UserId,
        others: &[UserId],
    ) -> Result<Vec<Blocking>, StoreError>;

    /// Up to `count` users of the list by ID, above `after`.
    async fn blocked_by(
        &self,
        app: AppId,
        user: &UserId,
        after: Option<&UserId>,
        count: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Whether `user` has `other` on the list. From memory.
    fn is_blocked(&self, app: AppId, user: &UserId, other: &UserId) -> bool;
}

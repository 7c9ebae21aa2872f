//! Block lists: whom a user does not want to hear from in private.

use super::{Actor, Chat, unavailable, users::user_error};
use crate::store::Blocking;
use hongyan_wire::{
    Code, Refusal, UserId,
    client::{
        BlockAction, BlockCheck, BlockChecked, BlockList, BlockPage, BlockResult, BlockUsers, UserProfile,
    },
    limits,
    server::{BlockChanged, Notification},
};

impl Chat {
    /// Puts users on the list, and tells the user's other devices.
    pub async fn block(&self, who: &Actor, asked: BlockUsers) -> Result<BlockResult, Refusal> {
        asked.check()?;
        let (own, others): (Vec<UserId>, Vec<UserId>) =
            asked.user_ids.into_iter().partition(|user| *user == who.user);
        let now_ms = self.clock.now_ms();
        let answers = self.store.block(who.app, &who.user, &others, limits::BLOCK_LIST_MAX, now_ms).await;
        let answers = answers.map_err(unavailable)?;
        let mut errors: Vec<_> = own.iter().map(|user| user_error(user.as_str(), Code::BLOCK_SELF)).collect();
        errors.extend(others.iter().zip(&answers).filter_map(|(user, answer)| {
            let reason = match answer {
                Blocking::Done => return None,
                Blocking::Already => Code::BLOCKED_ALREADY,
                Blocking::Full => Code::BLOCK_LIST_FULL,
                Blocking::NoSuchUser => Code::BLOCK_NO_USER,
            };
            Some(user_error(user.as_str(), reason))
        }));
        self.tell_blocks(who, BlockAction::Added, done(others, &answers)).await?;
        Ok(BlockResult { error_user_list: errors })
    }

    /// Takes users off the list, and tells the user's other devices.
    pub async fn unblock(&self, who: &Actor, asked: BlockUsers) -> Result<BlockResult, Refusal> {
        asked.check()?;
        let others = asked.user_ids;
        let answers = self.store.unblock(who.app, &who.user, &others).await.map_err(unavailable)?;
        let refused = others.iter().zip(&answers).filter(|(_, answer)| **answer != Blocking::Done);
        let errors = refused.map(|(user, _)| user_error(user.as_str(), Code::NOT_BLOCKED)).collect();
        self.tell_blocks(who, BlockAction::Removed, done(others, &answers)).await?;
        Ok(BlockResult { error_user_list: errors })
    }

    /// A page of the list, by userID.
    pub async fn list_blocked(&self, who: &Actor, asked: BlockList) -> Result<BlockPage, Refusal> {
        if asked.count == 0 || asked.count > limits::MEMBER_PAGE_MAX {
            return Err(Refusal::parameter("count must be 1 to 100"));
        }
        let count = asked.count as usize;
        let found = self.store.blocked_by(who.app, &who.user, asked.next.as_ref(), count + 1).await;
        let mut found = found.map_err(unavailable)?;
        let more = found.len() > count;
        found.truncate(count);
        let next = found.last().filter(|_| more).cloned();
        Ok(BlockPage { user_list: self.profiles(who, found).await?, next })
    }

    /// Whether a user is on the list.
    pub fn check_blocked(&self, who: &Actor, asked: &BlockCheck) -> BlockChecked {
        let is_user_in_blacklist = self.store.is_blocked(who.app, &who.user, &asked.user_id);
        BlockChecked { is_user_in_blacklist }
    }

    async fn tell_blocks(
        &self,
        who: &Actor,
        action: BlockAction,
        changed: Vec<UserId>,
    ) -> Result<(), Refusal> {
        if changed.is_empty() || self.hub.seats_of(who.app, &who.user).len() < 2 {
            return Ok(());
        }
        let user_list = self.profiles(who, changed).await?;
        let what = Notification::BlockChanged(BlockChanged { action, user_list });
        self.tell(who.app, &who.user, Some(&who.device), &what);
        Ok(())
    }

    async fn profiles(&self, who: &Actor, users: Vec<UserId>) -> Result<Vec<UserProfile>, Refusal> {
        let mut found = self.users_by_id(who.app, &users).await?;
        let named = users.into_iter().map(|user_id| {
            let (user_name, user_avatar_url) =
                found.remove(&user_id).map(|user| (user.name, user.avatar_url)).unwrap_or_default();
            UserProfile { user_id, user_name, user_avatar_url }
        });
        Ok(named.collect())
    }
}

fn done(users: Vec<UserId>, answers: &[Blocking]) -> Vec<UserId> {
    let done = users.into_iter().zip(answers).filter(|(_, answer)| **answer == Blocking::Done);
    done.map(|(user, _)| user).collect()
}

//! Names of users.

use super::{Actor, Chat, unavailable};
use crate::{push::Signal, store::User};
use hongyan_wire::{
    AppId, Code, Refusal, UserId,
    client::{PushRule, SetBadge, UserProfile, UserQuery, UserQueryResult, UserSelf},
    group::{Member, Role, UserError},
    limits,
    server::Notification,
};
use std::collections::HashMap;

impl Chat {
    /// Profiles of up to ten users.
    pub async fn query_users(&self, who: &Actor, query: UserQuery) -> Result<UserQueryResult, Refusal> {
        if query.user_ids.is_empty() || query.user_ids.len() > limits::USER_QUERY_MAX {
            return Err(Refusal::parameter("userIDs must name 1 to 10 users"));
        }
        let mut found = self.users_by_id(who.app, &query.user_ids).await?;
        let mut result = UserQueryResult { user_list: Vec::new(), error_user_list: Vec::new() };
        for id in query.user_ids {
            match found.remove(&id) {
                Some(user) => result.user_list.push(profile(user)),
                None => result.error_user_list.push(user_error(id.as_str(), Code::NO_SUCH_USER)),
            }
        }
        Ok(result)
    }

    /// What is known of the user itself.
    pub async fn own_profile(&self, who: &Actor) -> Result<UserSelf, Refusal> {
        let mut found = self.users_by_id(who.app, std::slice::from_ref(&who.user)).await?;
        let user = found.remove(&who.user).ok_or(Code::NO_SUCH_USER)?;
        let offline_push_rule = self.store.push_rule(who.app, &who.user).await.map_err(unavailable)?;
        Ok(UserSelf { user_info: profile(user), offline_push_rule })
    }

    /// Replaces the user's push rule, and tells the other devices.
    pub async fn set_push_rule(&self, who: &Actor, rule: PushRule) -> Result<PushRule, Refusal> {
        rule.check()?;
        self.store.set_push_rule(who.app, &who.user, rule.clone()).await.map_err(unavailable)?;
        let what = Notification::PushRuleChanged(rule.clone());
        self.tell(who.app, &who.user, Some(&who.device), &what);
        Ok(rule)
    }

    /// Sets the badge on the user's own phones that are offline.
    pub fn set_badge(&self, who: &Actor, asked: SetBadge) -> Result<(), Refusal> {
        asked.check()?;
        self.push.send(Signal::Badge { app: who.app, user: who.user.clone(), badge: asked.badge });
        Ok(())
    }

    pub(super) async fn users_by_id(
        &self,
        app: AppId,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, User>, Refusal> {
        let users = self.store.users(app, ids).await.map_err(unavailable)?;
        Ok(users.into_iter().map(|user| (user.id.clone(), user)).collect())
    }

    /// Members with their names, in the order given.
    pub(super) async fn named_members(
        &self,
        app: AppId,
        members: Vec<(UserId, Role)>,
    ) -> Result<Vec<Member>, Refusal> {
        let ids: Vec<UserId> = members.iter().map(|(user, _)| user.clone()).collect();
        let mut users = self.users_by_id(app, &ids).await?;
        let named = members.into_iter().map(|(user_id, member_role)| {
            let (user_name, user_avatar_url) =
                users.remove(&user_id).map(|user| (user.name, user.avatar_url)).unwrap_or_default();
            Member { user_id, user_name, user_avatar_url, member_role }
        });
        Ok(named.collect())
    }
}

/// A user that could not be handled, and the number that says why.
pub(super) fn user_error(user_id: &str, reason: Code) -> UserError {
    UserError { user_id: user_id.to_owned(), reason }
}

fn profile(user: User) -> UserProfile {
    UserProfile { user_id: user.id, user_name: user.name, user_avatar_url: user.avatar_url }
}

//! Names of users.

use super::{Actor, Chat, unavailable};
use crate::store::User;
use hongyan_wire::{
    AppId, Code, Refusal, UserId,
    client::{UserProfile, UserQuery, UserQueryResult},
    group::{Member, Role, UserError},
    limits,
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
                Some(user) => result.user_list.push(UserProfile {
                    user_id: user.id,
                    user_name: user.name,
                    user_avatar_url: user.avatar_url,
                }),
                None => result.error_user_list.push(user_error(id.as_str(), Code::NO_SUCH_USER)),
            }
        }
        Ok(result)
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

//! What users do in calls of advanced mode: come in, leave, end them.

use super::{
    Calls,
    actions::{act, says},
    notices,
    table::{Event, People},
};
use crate::{chat::Actor, store::CallRecord};
use hongyan_wire::{
    Code, Refusal,
    client::{CallAnswer, CallEndResult, CallJoinResult, CallLeave, CallQuitResult},
};

impl Calls {
    /// `call.join`: comes into a call without being called, or takes it over from another device.
    ///
    /// # Errors
    /// 6000272 when the call is full, 6000276 when there is none or it is over, 6000283 on the device that is
    /// in, 6000286 in general mode.
    pub async fn join(&self, who: &Actor, asked: CallAnswer) -> Result<CallJoinResult, Refusal> {
        asked.check()?;
        let people = People(who.settings.call_people_max);
        let event = Event::Join(act(who, asked.extended_data), people);
        let change = self.change(Some(who.app), asked.call_id, event, None).await?;
        let call = change.ok_or(Code::CALL_GONE)?.call;
        Ok(CallJoinResult {
            call_id: call.id,
            create_time: call.created_at,
            join_time: came_in_at(&call, who),
            extended_data: call.extended_data.clone(),
            call_user_list: notices::users(&call),
        })
    }

    /// `call.quit`: leaves a call. It is over when nobody is left in it.
    ///
    /// # Errors
    /// 6000270 and 6000274 for who is not in, 6000276 when there is none or it is over, 6000286 in general
    /// mode.
    pub async fn quit(&self, who: &Actor, asked: CallLeave) -> Result<CallQuitResult, Refusal> {
        let quit_time = self.clock.now_ms();
        let call = self.leave(who, asked, Event::Quit).await?;
        let accept_time = came_in_at(&call, who);
        Ok(CallQuitResult { call_id: call.id, create_time: call.created_at, accept_time, quit_time })
    }

    /// `call.end`: ends a call for everybody.
    ///
    /// # Errors
    /// As [`Calls::quit`].
    pub async fn end(&self, who: &Actor, asked: CallLeave) -> Result<CallEndResult, Refusal> {
        let call = self.leave(who, asked, Event::End).await?;
        let accept_time = came_in_at(&call, who);
        let end_time = call.ended_at.unwrap_or(call.created_at);
        Ok(CallEndResult { call_id: call.id, create_time: call.created_at, accept_time, end_time })
    }

    async fn leave(
        &self,
        who: &Actor,
        asked: CallLeave,
        event: impl Fn(super::table::Act) -> Event,
    ) -> Result<CallRecord, Refusal> {
        asked.check()?;
        let event = event(act(who, asked.extended_data));
        let say = says(who, asked.push_config);
        let change = self.change(Some(who.app), asked.call_id, event, say).await?;
        Ok(change.ok_or(Code::CALL_GONE)?.call)
    }
}

fn came_in_at(call: &CallRecord, who: &Actor) -> u64 {
    call.users.iter().find(|one| one.user == who.user).map_or(0, |one| one.accepted_at)
}

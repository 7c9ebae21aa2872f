//! Placeholder until the part lands.
use crate::{chat::Actor, clock::Clock, hub::{Hub, Seat}, push::Signals, store::Store};
use hongyan_wire::{Refusal, client::*, AppId, UserId};
use std::sync::Arc;
/// Rules of calls.
#[derive(Clone)]
pub struct Calls;
#[allow(missing_docs, clippy::unused_async, unused_variables)]
impl Calls {
    pub fn new(clock: Clock, store: Arc<dyn Store>, hub: Arc<Hub>, push: Signals) -> Self { Self }
    pub async fn invite(&self, who: &Actor, c: CallInvite) -> Result<CallInviteResult, Refusal> { Err(Refusal::parameter("")) }
    pub async fn cancel(&self, who: &Actor, c: CallCancel) -> Result<CallCancelResult, Refusal> { Err(Refusal::parameter("")) }
    pub async fn accept(&self, who: &Actor, c: CallAnswer) -> Result<CallRef, Refusal> { Err(Refusal::parameter("")) }
    pub async fn reject(&self, who: &Actor, c: CallAnswer) -> Result<CallRef, Refusal> { Err(Refusal::parameter("")) }
    pub async fn list(&self, who: &Actor, c: CallList) -> Result<CallPage, Refusal> { Err(Refusal::parameter("")) }
    pub async fn acknowledge(&self, who: &Actor, c: CallRef) -> Result<(), Refusal> { Err(Refusal::parameter("")) }
    pub async fn ring_again(&self, who: &Actor, seat: &Arc<Seat>) {}
    pub async fn caller_left(&self, app: AppId, user: &UserId) {}
}

//! Push tokens of a device: registering and unregistering, before and after login.

use super::Services;
use crate::{chat::unavailable, push::Signal, store::NewPush};
use hongyan_vendors::VendorKind;
use hongyan_wire::{
    AppId, Code, Refusal, UserId,
    client::{PushRegister, PushRegistered, PushUnregister},
};

/// Registers a token; binds it to `user` when there is one.
pub async fn register(
    services: &Services,
    app: AppId,
    user: Option<UserId>,
    push: PushRegister,
) -> Result<PushRegistered, Refusal> {
    push.check()?;
    let vendor: VendorKind = push.vendor.parse().map_err(|_| {
        Refusal::new(
            Code::PUSH_REGISTER_FAILED,
            "there is no such vendor here; this version knows \"harmony\"",
        )
    })?;
    let new = NewPush {
        app,
        device: push.device_id,
        user: user.clone(),
        vendor,
        token: push.token,
        app_type: push.app_type,
        locale: push.locale,
        now_ms: services.clock.now_ms(),
    };
    let push_id = services.store.register_push(new).await.map_err(unavailable)?;
    if let Some(user) = user {
        services.push.send(Signal::UserChanged { app, user });
    }
    Ok(PushRegistered { push_id })
}

/// Forgets tokens; takes effect before it is answered.
pub async fn unregister(services: &Services, app: AppId, push: PushUnregister) -> Result<(), Refusal> {
    let forgotten = services.store.unregister_push(app, &push.device_id, push.push_id.as_ref());
    match forgotten.await.map_err(unavailable)? {
        0 if push.push_id.is_some() => Err(Code::PUSH_ID_INVALID.into()),
        _ => Ok(()),
    }
}

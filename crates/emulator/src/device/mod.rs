//! Virtual phones: installed apps, tokens, permission, the notification shade, calls; what they do with a
//! message that reaches them; and the ways to drive one: a WebSocket (`socket`), HTTP control, or from Rust
//! (`handle`). A phone's state stays here when its socket goes. Rights, quotas and the cloud's queue rules
//! are `push_kit`.

mod apps;
mod calls;
mod deliver;
mod events;
mod handle;
mod permission;
mod phone;
mod phones;
mod requests;
mod shade;
mod socket;
mod view;

pub use apps::{AppState, Permission};
pub use events::{MessageKind, PhoneEvent, PhoneEvents, Suppressed};
pub use handle::Phone;
pub use requests::PhoneError;
pub use shade::{Notice, Tap, Target, Want};
pub use view::{AppView, CallView, PhoneView, ProxyRow};

pub(crate) use phones::{Fate, Phones, TokenRecord, token_shaped};
pub(crate) use requests::{Reply, dialog_answer, perform};
pub(crate) use socket::device_socket;

//! A stand-in for HarmonyOS Push Kit's cloud and for phones, strict as documented and misbehaving on demand.
//! `push_kit` is the cloud, `device` the phones, `faults` and `control` the levers, `state` what they share.
//! Protocols and everything UNVERIFIED: docs/emulator.md. A second vendor would be a folder beside
//! `push_kit`. Here are no sender's habits: nothing in this crate may use the vendor client that it is there
//! to test.

mod clock;
mod config;
mod control;
mod device;
mod emulator;
mod faults;
mod limits;
mod push_kit;
mod requests_log;
mod server;
mod state;
mod world;

pub use clock::Clock;
pub use config::EmulatorConfig;
pub use control::BadControl;
pub use device::{
    AppState, AppView, CallView, MessageKind, Notice, Permission, Phone, PhoneError, PhoneEvent, PhoneEvents,
    PhoneView, ProxyRow, Suppressed, Tap, Target, Want,
};
pub use emulator::{Emulator, EmulatorError, routes};
pub use faults::{DeadTokens, DeadTokensFull, DropMoment, DropWhen, Fault, FaultAction, FaultSpec, Partial};
pub use push_kit::answer::Reason;
pub use push_kit::message::Category;
pub use push_kit::projects::{AppSpec, KeySpec, NamedReceiver, ProjectSpec, ReceiverOrder, Right};
pub use push_kit::quotas::{Limits, LimitsChange, UNLIMITED};
pub use push_kit::receipts::{KeyMode, ReceiptCounts, Secret};
pub use push_kit::receipts_post::ReceiptPolicy;
pub use push_kit::service_account::KeyBits;
pub use requests_log::{LogPage, LoggedRequest};
pub use state::EmulatorState;

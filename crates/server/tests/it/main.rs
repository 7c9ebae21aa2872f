//! The one integration-test binary of the server: through the front door, with the real store and the emulator.

mod bad_input;
mod calls;
mod conversations;
mod door;
mod groups;
mod harness;
mod messages;
mod push;
mod push_kit;
mod sessions;
mod tidy;
mod vendor_wire;

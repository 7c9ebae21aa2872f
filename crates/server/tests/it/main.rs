//! The one integration-test binary of the server: through the front door, with the real store and the emulator.

mod push_kit;
mod tidy;
mod vendor_wire;

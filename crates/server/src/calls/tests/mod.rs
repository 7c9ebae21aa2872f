//! Calls over the real store, a hub, and a clock moved by hand.

//! The pipeline against a real store and an emulated vendor, with a clock moved by hand.

mod bench;
mod calls;
mod explorer;
mod messages;
mod quotas;
mod restart;
mod vendor;

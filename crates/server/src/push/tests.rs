//! The pipeline against a real store and an emulated vendor, with a clock moved by hand.

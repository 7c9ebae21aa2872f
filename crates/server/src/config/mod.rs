//! Settings of the program: one documented file, checked before anything starts.
//!
//! Every setting stands once, in `settings`, with its text for operators, its default and its check; the
//! example file, the defaults and the refusals all come from there. Environment variables
//! `HONGYAN_SECTION_KEY` go before the file. What belongs to one app (deadlines, rates) is not here but in the
//! app's own settings.

mod example;
mod read;
mod settings;

pub use example::example;
pub use read::ConfigError;
pub use settings::{
    Config, HeaderLines, LimitsSection, LogFormat, LogSection, PushSection, ReceiptsSection, ServerSection,
    StoreSection, TelemetrySection, TlsSection,
};

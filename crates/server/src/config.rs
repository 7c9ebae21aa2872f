//! Settings of the program: one documented file, checked before anything starts.

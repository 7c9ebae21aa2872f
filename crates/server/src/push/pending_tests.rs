//! What waits: admission, acknowledgements, deadlines, failures.

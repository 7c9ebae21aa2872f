//! Builds the parts of a server from a configuration and stops them in order.

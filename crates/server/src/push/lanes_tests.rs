//! Lanes: calls first, bounds, nothing lost and nothing twice.

//! The table: every state with every event, sequences at random, and the picture of it in the docs.

//! Whole replays: damage, cuts and threads.

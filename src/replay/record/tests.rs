//! What records come to.

//! Pictures of what forecasts hold.

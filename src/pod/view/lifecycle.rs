//! How a container ends.

use super::Container;
use crate::pod::editing::view;

view! {
    /// Lifecycle.
    pub struct Lifecycle {
        /// The handler that runs before a container is told to end.
        pre_stop: PreStop<'a> = "preStop",
    }
}

view! {
    /// LifecycleHandler; commands and requests are not read.
    pub struct PreStop {
        /// SleepAction (KEP-3960).
        sleep: Sleep<'a> = "sleep",
    }
}

view! {
    /// SleepAction.
    pub struct Sleep {
        /// How long, in seconds.
        seconds: i64 = "seconds",
    }
}

impl Container<'_> {
    /// Whether something runs before the container is told to end.
    pub fn has_pre_stop(&self) -> bool {
        self.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.pre_stop.is_some())
    }
}

//! Memory for request bodies: what all clients together may hold.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Bodies up to this size are not counted: the connection limit bounds them, and they are nearly all.
pub(super) const UNCOUNTED: usize = 64 << 10;

/// Bytes per permit.
const UNIT: usize = 64 << 10;

/// Lets only so many bytes of larger bodies be in memory at once.
#[derive(Debug)]
pub(super) struct Budget(Semaphore);

/// Held while a larger body is in memory.
pub(super) struct Held<'a>(Option<SemaphorePermit<'a>>);

impl Budget {
    /// A budget of `bytes`, and of one body of the greatest size at least.
    pub(super) fn new(bytes: usize, max_body: usize) -> Budget {
        Budget(Semaphore::new(units(bytes.max(max_body))))
    }

    /// Waits until a body of `bytes` fits in.
    pub(super) async fn hold(&self, bytes: usize) -> Held<'_> {
        if bytes <= UNCOUNTED {
            return Held(None);
        }
        let units = u32::try_from(units(bytes)).unwrap_or(u32::MAX);
        // The semaphore is never closed, so this cannot fail.
        Held(self.0.acquire_many(units).await.ok())
    }
}

impl Held<'_> {
    pub(super) fn is_counted(&self) -> bool {
        self.0.is_some()
    }
}

fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn larger_bodies_wait_for_one_another_and_small_ones_for_nobody() {
        let budget = Budget::new(2 << 20, 1 << 20);
        let first = budget.hold(1 << 20).await;
        let second = budget.hold(1 << 20).await;
        assert!(first.is_counted() && second.is_counted());
        assert!(!budget.hold(UNCOUNTED).await.is_counted());
        let third = budget.hold(UNCOUNTED + 1);
        assert!(tokio::time::timeout(Duration::from_millis(20), third).await.is_err());
        drop(first);
        assert!(budget.hold(UNCOUNTED + 1).await.is_counted());
    }
}

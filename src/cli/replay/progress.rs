//! A line that says how far a replay is, for whoever sits at the terminal.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::progress::{PATIENCE, TICK, is_wanted};
use crate::replay::Progress;

/// Does `work`, and shows on the terminal how far it is, if that takes long. The line is gone when this is over.
pub(super) fn shown<T>(
    quiet: bool,
    paths: &[PathBuf],
    progress: &Progress,
    work: impl FnOnce() -> T,
) -> T {
    if quiet || !is_wanted(paths) {
        return work();
    }
    let begun = Instant::now();
    thread::scope(|scope| {
        let (sender, over) = mpsc::channel::<()>();
        let line = scope.spawn(move || {
            let mut pause = PATIENCE;
            let bar = ProgressBar::hidden();
            while over.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                draw(&bar, progress.counts(), begun.elapsed());
                pause = TICK;
            }
            bar.finish_and_clear();
        });
        let result = work();
        drop(sender);
        // What is written next must not meet the line.
        drop(line.join());
        result
    })
}

fn draw(bar: &ProgressBar, (read, total): (u64, u64), elapsed: Duration) {
    let template = if total == 0 { "plimsoll: {msg}" } else { "plimsoll: [{bar:24}] {msg}" };
    let Ok(style) = ProgressStyle::with_template(template) else { return };
    bar.set_style(style.progress_chars("=> "));
    bar.set_length(total);
    bar.set_position(read.min(total));
    bar.set_message(words(read, total, elapsed));
    if bar.is_hidden() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    bar.tick();
}

fn words(read: u64, total: u64, elapsed: Duration) -> String {
    let rate = read as f64 / elapsed.as_secs_f64();
    let megabytes = |bytes: f64| bytes / 1e6;
    let known = rate.is_finite() && rate > 0.0;
    let pace = if known { format!(", {:.0} MB/s", megabytes(rate)) } else { String::new() };
    if total == 0 {
        return format!("{:.1} MB{pace}", megabytes(read as f64));
    }
    let left = match total.saturating_sub(read) as f64 / rate {
        seconds if known && seconds >= 60.0 => format!(", {:.0} min left", seconds / 60.0),
        seconds if known => format!(", {seconds:.0} s left"),
        _ => String::new(),
    };
    format!("{:.1} of {:.1} MB{pace}{left}", megabytes(read as f64), megabytes(total as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is() {
        let second = Duration::from_secs(1);
        assert_eq!(words(0, 0, Duration::ZERO), "0.0 MB");
        assert_eq!(words(3_000_000, 0, second), "3.0 MB, 3 MB/s");
        assert_eq!(words(1_000_000, 9_000_000, second), "1.0 of 9.0 MB, 1 MB/s, 8 s left");
        assert_eq!(words(1_000_000, 301_000_000, second), "1.0 of 301.0 MB, 1 MB/s, 5 min left");
        assert_eq!(words(0, 9_000_000, second), "0.0 of 9.0 MB");
    }
}

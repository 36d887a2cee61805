//! A line that says how far a long run is, for whoever sits at the terminal.

use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::check::Progress;

/// Who has waited that long wants to know for how much longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is renewed.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// Does `work`, and shows on the terminal how far it is, if that takes long. The line is gone when this is over.
pub(super) fn shown<T>(
    quiet: bool,
    paths: &[PathBuf],
    work: impl FnOnce(Option<&Progress>) -> T,
) -> T {
    if quiet || !is_wanted(paths) {
        return work(None);
    }
    let progress = Progress::default();
    drawn(|| progress.counts(), words, || work(Some(&progress)))
}

/// The same for pods, which `counts` tells of: how many were judged, and how many there are.
#[cfg(feature = "serve")]
pub(super) fn of_pods<T>(
    quiet: bool,
    counts: impl Fn() -> (u64, u64) + Send,
    work: impl FnOnce() -> T,
) -> T {
    if quiet || !is_wanted(&[]) {
        return work();
    }
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let counts = move || {
        let (done, total) = counts();
        (number(done), number(total))
    };
    drawn(counts, words_of_pods, work)
}

fn drawn<T>(
    counts: impl Fn() -> (usize, usize) + Send,
    words: fn(usize, usize, Duration) -> String,
    work: impl FnOnce() -> T,
) -> T {
    let begun = Instant::now();
    thread::scope(|scope| {
        let (sender, over) = mpsc::channel::<()>();
        let line = scope.spawn(move || {
            if over.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let mut line = Line::new(begun, words);
            loop {
                line.draw(counts());
                if over.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    line.bar.finish_and_clear();
                    return;
                }
            }
        });
        let result = work();
        // That ends the thread; a panic, which drops it too, does as well.
        drop(sender);
        // What is written next must not meet the line.
        drop(line.join());
        result
    })
}

/// Whether somebody sits at a terminal that can take a line back, and types no manifest into it.
pub(super) fn is_wanted(paths: &[PathBuf]) -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let types = paths.iter().any(|path| path.as_os_str() == "-") && io::stdin().is_terminal();
    io::stderr().is_terminal()
        && !types
        && !is_set("CI")
        && env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

struct Line {
    bar: ProgressBar,
    /// When the pass began that is counted, as far as is known.
    begun: Instant,
    done: usize,
    words: fn(usize, usize, Duration) -> String,
}

impl Line {
    fn new(begun: Instant, words: fn(usize, usize, Duration) -> String) -> Self {
        // Every change is drawn, and nothing may be before it is complete.
        Self { bar: ProgressBar::hidden(), begun, done: 0, words }
    }

    fn draw(&mut self, (done, total): (usize, usize)) {
        if done < self.done {
            self.begun = Instant::now();
        }
        self.done = done;
        let template = if total == 0 { "plimsoll: {msg}" } else { "plimsoll: [{bar:24}] {msg}" };
        let Ok(style) = ProgressStyle::with_template(template) else { return };
        self.bar.set_style(style.progress_chars("=> "));
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message((self.words)(done, total, self.begun.elapsed()));
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.tick();
    }
}

fn words(done: usize, total: usize, elapsed: Duration) -> String {
    if total == 0 {
        return "looking for files".to_owned();
    }
    let files = if total == 1 { "file" } else { "files" };
    let rate = done as f64 / elapsed.as_secs_f64();
    // Tools that render take their time, and none per second would say nothing.
    let rate = if rate.is_finite() && rate >= 1.0 {
        format!(", {rate:.0} per second")
    } else {
        String::new()
    };
    format!("{done} of {total} {files}{rate}")
}

/// Pods may be created while they are counted.
#[cfg(feature = "serve")]
fn words_of_pods(done: usize, total: usize, elapsed: Duration) -> String {
    if done == 0 {
        return "asking the API server".to_owned();
    }
    let rate = (done as f64 / elapsed.as_secs_f64()).max(1.0);
    let pods = match total {
        0 => format!("{done} pods"),
        total => format!("{done} of {} pods", total.max(done)),
    };
    let left = match total.saturating_sub(done) {
        0 => String::new(),
        left => format!(", {:.0} s left", (left as f64 / rate).ceil()),
    };
    let rate = if rate.is_finite() { format!(", {rate:.0} per second") } else { String::new() };
    format!("{pods}{rate}{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is() {
        let second = Duration::from_secs(1);
        assert_eq!(words(0, 0, second), "looking for files");
        assert_eq!(words(0, 1, second), "0 of 1 file");
        assert_eq!(words(3, 40, 2 * second), "3 of 40 files, 2 per second");
        assert_eq!(words(3, 40, 9 * second), "3 of 40 files");
        assert_eq!(words(3, 40, Duration::ZERO), "3 of 40 files");
    }

    #[cfg(feature = "serve")]
    #[test]
    fn pods_are_counted_with_the_time_that_is_left() {
        let second = Duration::from_secs(1);
        let is = |done, total, words| assert_eq!(words_of_pods(done, total, 2 * second), words);
        is(0, 0, "asking the API server");
        is(1000, 0, "1000 pods, 500 per second");
        is(1000, 2500, "1000 of 2500 pods, 500 per second, 3 s left");
        is(1001, 1000, "1001 of 1001 pods, 500 per second");
    }
}

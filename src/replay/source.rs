//! Files and streams opened, and decompressed by what they begin with, whatever they are called.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::inputs::Input;
use super::progress::Progress;

/// Bytes that are read from a file at once.
const READ: usize = 128 << 10;
/// Frames of zstd that need more memory than this power of two are refused; `zstd --long` and all levels need at most
/// this much.
const ZSTD_WINDOW: u32 = 27;

/// How a source is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// Formats that are not read, by what they begin with, and what reads them.
const OTHERS: [(&[u8], &str, &str); 5] = [
    (b"\xfd7zXZ\0", "xz", "xz -dc FILE | plimsoll replay -"),
    (b"BZh", "bzip2", "bzip2 -dc FILE | plimsoll replay -"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc FILE | plimsoll replay -"),
    (b"PK\x03\x04", "zip", "unzip -p FILE | plimsoll replay -"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x -so FILE | plimsoll replay -"),
];
/// What has to be read of a file to know its format, in bytes.
pub(super) const LONGEST: usize = 6;
/// What some programs of Windows write before text.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// What was opened.
pub(super) enum Source {
    /// It cannot be read; why, and what to do.
    Foreign(&'static str, &'static str),
    /// It can.
    Readable(Readable),
}

/// Something that is read.
pub(super) struct Readable {
    pub(super) text: Box<dyn Read>,
    pub(super) compression: Compression,
    /// It comes as somebody writes it, and not at once.
    pub(super) is_stream: bool,
}

/// Opens an input.
///
/// # Errors
/// When it cannot be opened, or its first bytes cannot be read.
pub(super) fn open(input: &Input, progress: &Arc<Progress>) -> io::Result<Source> {
    match input {
        Input::Stdin => detect(io::stdin(), true, progress),
        Input::File(path) => {
            let file = File::open(path)?;
            let is_stream = !file.metadata()?.is_file();
            detect(file, is_stream, progress)
        }
    }
}

/// Looks at the first bytes.
pub(super) fn detect(
    raw: impl Read + 'static,
    is_stream: bool,
    progress: &Arc<Progress>,
) -> io::Result<Source> {
    let mut raw = Counting { raw, progress: Arc::clone(progress) };
    let mut head = Vec::with_capacity(LONGEST);
    raw.by_ref().take(LONGEST as u64).read_to_end(&mut head)?;
    if let Some((_, name, how)) = OTHERS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Ok(Source::Foreign(name, how));
    }
    let compression = Compression::of(&head);
    if head.starts_with(BOM) {
        head.drain(..BOM.len());
    }
    let all: Chain<Cursor<Vec<u8>>, _> = Cursor::new(head).chain(raw);
    let text: Box<dyn Read> = match compression {
        Compression::None => Box::new(all),
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(READ, all))),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(BufReader::with_capacity(READ, all))?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Box::new(decoder)
        }
    };
    Ok(Source::Readable(Readable { text, compression, is_stream }))
}

/// Counts what is read, before it is decompressed.
struct Counting<R> {
    raw: R,
    progress: Arc<Progress>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}

/// Whether what begins like this is text.
pub(super) fn is_plain(head: &[u8]) -> bool {
    Compression::of(head) == Compression::None
        && !OTHERS.iter().any(|(magic, ..)| head.starts_with(magic))
}

impl Compression {
    fn of(head: &[u8]) -> Self {
        match *head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A frame that is to be skipped, as `pzstd` writes.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// What the format is called, where there is one.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// What is said of compressed data that ends, or is damaged, behind so much text, and what to do.
pub(super) fn complaint(
    name: &str,
    error: &io::Error,
    bytes: u64,
    line: u64,
) -> (String, Option<&'static str>) {
    let place = format!("behind {bytes} bytes of text, in line {line}");
    if error.kind() == io::ErrorKind::UnexpectedEof {
        let help = "copy the file again, or wait until it is written";
        (format!("the {name} data is cut {place}"), Some(help))
    } else {
        (format!("the {name} data is damaged {place}: {error}"), Some("copy the file again"))
    }
}

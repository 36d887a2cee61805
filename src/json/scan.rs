//! Where strings and values end: strings 16 bytes at a time, values in brackets 64.

use wide::u8x16;

/// The closing quote of the string whose text begins at `start`, and whether it holds escapes. None where it does
/// not end or holds control characters.
pub(super) fn end_of_string(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut escaped = false;
    loop {
        at = next_special(bytes, at)?;
        match bytes.get(at)? {
            b'"' => return Some((at, escaped)),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => return None,
        }
    }
}

/// The next quote, backslash or control character.
fn next_special(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(lane) = bytes.get(at..at + 16).and_then(|lane| <[u8; 16]>::try_from(lane).ok()) {
        let lane = u8x16::new(lane);
        let controls = lane.min(u8x16::splat(0x1f)).simd_eq(lane);
        let special =
            lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\')) | controls;
        let bits = special.to_bitmask();
        if bits != 0 {
            return Some(at + bits.trailing_zeros() as usize);
        }
        at += 16;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).map(|found| at + found)
}

/// Just behind the value that begins at `start`. Of what lies within brackets, only strings and brackets are
/// looked at.
pub(super) fn end_of_value(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start)? {
        b'"' => end_of_string(bytes, start + 1).map(|(end, _)| end + 1),
        b'{' | b'[' => end_of_brackets(bytes, start),
        _ => {
            let rest = bytes.get(start..)?;
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']' | b':' | b'"' | 0..=b' '));
            let end = length.map_or(bytes.len(), |length| start + length);
            (end > start).then_some(end)
        }
    }
}

/// What is known between two blocks of a value in brackets.
struct Brackets {
    /// Brackets that are open.
    open: usize,
    /// All ones within a string.
    string: u64,
    /// One where the last byte was a backslash that escapes the next.
    escaped: u64,
    /// Where the next byte stands.
    at: usize,
}

fn end_of_brackets(bytes: &[u8], start: usize) -> Option<usize> {
    let mut brackets = Brackets { open: 0, string: 0, escaped: 0, at: start };
    while let Some(block) = bytes.get(brackets.at..brackets.at + BLOCK) {
        if let Some(end) = brackets.pass_block(&Marks::of(block)?) {
            return Some(end);
        }
    }
    brackets.pass_rest(bytes)
}

impl Brackets {
    /// Passes 64 bytes; answers with the end of the value if it is among them.
    fn pass_block(&mut self, marks: &Marks) -> Option<usize> {
        let within = prefix_xor(marks.quotes & !self.escapes(marks.backslashes)) ^ self.string;
        self.string = if within >> 63 == 1 { u64::MAX } else { 0 };
        let (opens, closes) = (marks.opens & !within, marks.closes & !within);
        let closed = closes.count_ones() as usize;
        if closed < self.open {
            self.open = self.open + opens.count_ones() as usize - closed;
        } else {
            let mut both = opens | closes;
            while both != 0 {
                let bit = both & both.wrapping_neg();
                self.open = if opens & bit != 0 { self.open + 1 } else { self.open - 1 };
                if self.open == 0 {
                    return Some(self.at + bit.trailing_zeros() as usize + 1);
                }
                both ^= bit;
            }
        }
        self.at += BLOCK;
        None
    }

    /// The bytes of a block that a backslash escapes.
    fn escapes(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = std::mem::take(&mut self.escaped);
        while backslashes != 0 {
            let bit = backslashes & backslashes.wrapping_neg();
            backslashes ^= bit;
            if escaped & bit == 0 {
                escaped |= bit << 1;
                self.escaped = bit >> 63;
            }
        }
        escaped
    }

    /// Passes what is left of the text, byte by byte.
    fn pass_rest(mut self, bytes: &[u8]) -> Option<usize> {
        if self.string != 0 {
            self.at = end_of_string(bytes, self.at + self.escaped as usize)?.0 + 1;
        }
        loop {
            match bytes.get(self.at)? {
                b'"' => self.at = end_of_string(bytes, self.at + 1)?.0,
                b'{' | b'[' => self.open += 1,
                b'}' | b']' => {
                    self.open -= 1;
                    if self.open == 0 {
                        return Some(self.at + 1);
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Where quotes, backslashes and brackets stand in a block: a bit for each byte.
#[derive(Default)]
struct Marks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Marks {
    fn of(block: &[u8]) -> Option<Self> {
        let mut marks = Self::default();
        for (place, lane) in block.chunks_exact(16).enumerate() {
            let lane = u8x16::new(lane.try_into().ok()?);
            // Of each pair of brackets, one differs from the other by this bit alone.
            let brackets = lane | u8x16::splat(0x20);
            let bits = |lane: u8x16, byte: u8| {
                u64::from(lane.simd_eq(u8x16::splat(byte)).to_bitmask()) << (16 * place)
            };
            marks.quotes |= bits(lane, b'"');
            marks.opens |= bits(brackets, b'{');
            marks.closes |= bits(brackets, b'}');
            marks.backslashes |= bits(lane, b'\\');
        }
        Some(marks)
    }
}

/// Each bit becomes the parity of itself and all lower ones: ones from every opening quote up to the closing one.
const fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ (bits << 32)
}

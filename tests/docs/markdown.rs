//! The pages, and the code blocks in them.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A Markdown file, by its path below the root.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// What stands behind the fence: `yaml`.
    pub(crate) info: String,
    pub(crate) text: String,
    /// The line of the fence.
    pub(crate) line: usize,
    /// The file that the block is, where the line above says so: "`pod.yaml`:".
    pub(crate) file: Option<String>,
    /// Where the text stands in the page.
    pub(crate) range: Range<usize>,
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the repository.
pub(crate) fn pages() -> Vec<Page> {
    let mut paths = Vec::new();
    for folder in [".", "certs", "charts/plimsoll"] {
        collect(&root().join(folder), false, &mut paths);
    }
    collect(&root().join("docs"), true, &mut paths);
    paths.sort();
    assert!(paths.len() > 8, "{paths:?}");
    paths.into_iter().map(|path| Page::read(&path)).collect()
}

fn collect(folder: &Path, deep: bool, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() && deep {
            collect(&path, deep, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let below = path.strip_prefix(root()).unwrap();
            found.push(below.strip_prefix(".").unwrap_or(below).to_owned());
        }
    }
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap();
        Self { path: path.to_owned(), text }
    }

    /// A block of the page, for messages.
    pub(crate) fn place(&self, block: &Block) -> String {
        format!("{}:{}", self.path.display(), block.line)
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open: Option<Block> = None;
        let mut above = "";
        let mut offset = 0;
        for (at, line) in self.text.split_inclusive('\n').enumerate() {
            let start = offset;
            offset += line.len();
            match (line.strip_prefix("```"), open.take()) {
                (Some(info), None) => {
                    open = Some(Block {
                        info: info.trim().to_owned(),
                        text: String::new(),
                        line: at + 1,
                        file: named(above),
                        range: offset..offset,
                    });
                }
                (Some(_), Some(mut block)) => {
                    block.range.end = start;
                    block.text = self.text[block.range.clone()].to_owned();
                    blocks.push(block);
                }
                (None, before) => open = before,
            }
            if !line.trim().is_empty() {
                above = line.trim();
            }
        }
        assert!(open.is_none(), "{}: a block is not closed", self.path.display());
        blocks
    }

    /// The text without its blocks.
    pub(crate) fn prose(&self) -> String {
        let mut prose = String::new();
        let mut from = 0;
        for block in self.blocks() {
            prose += &self.text[from..block.range.start];
            from = block.range.end;
        }
        prose + &self.text[from..]
    }
}

/// The file that a line introduces.
fn named(line: &str) -> Option<String> {
    let name = line.strip_suffix("`:")?.rsplit_once('`')?.1;
    name.contains('.').then(|| name.to_owned())
}

/// The `code` in a text.
pub(crate) fn code_spans(text: &str) -> Vec<&str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

//! stub
pub struct Reference<'a> {
    pub host: Option<&'a str>,
    pub path: &'a str,
    pub tag: Option<&'a str>,
    pub digest: Option<&'a str>,
}
impl<'a> Reference<'a> {
    pub fn parse(s: &'a str) -> Result<Self, ()> {
        let (r, d) = match s.split_once('@') {
            Some((a, b)) => (a, Some(b)),
            None => (s, None),
        };
        let (p, t) = match r.rsplit_once(':') {
            Some((a, b)) if !b.contains('/') => (a, Some(b)),
            _ => (r, None),
        };
        Ok(Reference { host: None, path: p, tag: t, digest: d })
    }
    pub fn normalised(&self) -> String {
        self.path.to_owned()
    }
    pub fn tag_or_latest(&self) -> &'a str {
        self.tag.unwrap_or("latest")
    }
}

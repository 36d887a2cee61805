//! A list that is read page by page, and goes on where its token has expired.

use kube::api::ListParams;
use kube::core::Request;

use super::failure::Failure;
use super::page::Page;
use super::requests::Requests;

/// Bytes of a page that are aimed at: with long objects, pages of fewer items are asked for, so that memory stays
/// small whatever is in the cluster.
const PAGE_BYTES: usize = 4 << 20;
/// A list that has to be begun anew more often than this has no end.
const MOST_BEGINNINGS: u32 = 5;
/// Empty pages in a row that are followed by another. API servers fill their pages, so that few are empty at all.
const MOST_EMPTY: u32 = 20;

/// What is listed.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    /// `/api/v1/pods`.
    pub(super) path: String,
    pub(super) accept: &'static str,
    pub(super) labels: Option<String>,
    pub(super) fields: Option<String>,
    /// Items of a page; none: all in one, from the API server's memory.
    pub(super) page_size: Option<u32>,
}

/// A list on its way.
#[derive(Debug)]
pub(super) struct List {
    listed: Listed,
    limit: Option<u32>,
    token: Option<String>,
    /// The key of the last item that was handed out.
    last: Option<String>,
    /// What is at or before that key was handed out already.
    skips: bool,
    beginnings: u32,
    /// The greatest key that was read since the list began.
    reached: Option<String>,
    /// Empty pages in a row.
    empty: u32,
    is_over: bool,
}

impl List {
    /// From its beginning, or from what follows a key.
    pub(super) fn new(listed: Listed, after: Option<String>) -> Self {
        let (limit, skips) = (listed.page_size, after.is_some());
        Self {
            listed,
            limit,
            token: None,
            last: after,
            skips,
            beginnings: 1,
            reached: None,
            empty: 0,
            is_over: false,
        }
    }

    /// The key of the last item that was handed out.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// The next page; none after the last.
    ///
    /// # Errors
    /// When a page cannot be had, or is one that was there before. The list is lost from there on.
    pub(super) async fn next(&mut self, requests: &mut Requests) -> Result<Option<Page>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let mut page = loop {
            let uri = self.uri()?;
            match requests.get(&uri, self.listed.accept, Page::read).await {
                Ok(page) => break page,
                // What follows is as it is now and not as it was when the list began. For an audit that is as good.
                Err(Failure::Expired(Some(token))) if self.token.as_ref() != Some(&token) => {
                    self.token = Some(token);
                }
                Err(Failure::Expired(_)) if self.beginnings < MOST_BEGINNINGS => {
                    (self.token, self.skips) = (None, self.last.is_some());
                    (self.reached, self.empty) = (None, 0);
                    self.beginnings += 1;
                }
                Err(failure) => return Err(failure),
            }
        };
        self.check(&page)?;
        self.settle(&mut page);
        Ok(Some(page))
    }

    /// A list that goes in circles would never end, and its pods would be counted again and again.
    fn check(&mut self, page: &Page) -> Result<(), Failure> {
        let stuck = |why: &str| Err(Failure::Broken(format!("its list makes no progress: {why}")));
        if page.next.is_some() && page.next == self.token {
            return stuck("a page names itself as the next");
        }
        let Some(greatest) = page.items.iter().map(super::page::Item::key).max() else {
            self.empty += 1;
            return match page.next.is_some() && self.empty > MOST_EMPTY {
                true => stuck("page after page is empty"),
                false => Ok(()),
            };
        };
        self.empty = 0;
        if self.reached.as_ref().is_some_and(|reached| greatest <= *reached) {
            return stuck("a page has nothing that was not there before");
        }
        self.reached = Some(greatest);
        Ok(())
    }

    fn settle(&mut self, page: &mut Page) {
        self.token = page.next.take();
        self.is_over = self.token.is_none();
        if let Some(limit) = self.listed.page_size
            && let Some(each) = page.text.len().checked_div(page.items.len())
        {
            let fitting = u32::try_from(PAGE_BYTES / each.max(1)).unwrap_or(u32::MAX);
            self.limit = Some(fitting.clamp(1, limit));
        }
        let last = page.items.last().map(super::page::Item::key);
        if self.skips
            && let Some(seen) = &self.last
        {
            let before = page.items.len();
            page.items.retain(|item| item.key() > *seen);
            // The rest is new.
            self.skips = page.items.is_empty() && before > 0;
            if self.skips {
                return;
            }
        }
        self.last = last.or(self.last.take());
    }

    fn uri(&self) -> Result<String, Failure> {
        let Listed { path, labels, fields, .. } = &self.listed;
        let mut params = ListParams {
            label_selector: labels.clone(),
            field_selector: fields.clone(),
            limit: self.limit,
            continue_token: self.token.clone(),
            ..ListParams::default()
        };
        // Without a limit, the list comes out of the API server's watch cache as it is, and etcd is not asked. With
        // one the version stays unset: older API servers pass over a limit beside `resourceVersion=0` and would
        // answer with all pods at once.
        if self.limit.is_none() {
            params.resource_version = Some("0".to_owned());
        }
        let request = Request::new(path.as_str()).list(&params);
        let wrong = |error: kube::core::request::Error| Failure::Refused {
            code: 400,
            message: error.to_string(),
        };
        Ok(request.map_err(wrong)?.uri().to_string())
    }
}

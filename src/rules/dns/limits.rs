//! What the API server allows in a `dnsConfig` (pkg/apis/core/validation/validation.go, `MaxDNSNameservers`,
//! `MaxDNSSearchPaths`, `MaxDNSSearchListChars`).

/// Name servers.
pub(super) const NAMESERVERS: usize = 3;
/// Search domains.
pub(super) const SEARCHES: usize = 32;
/// Characters of all search domains, with the spaces between them. The API server counts bytes.
const SEARCH_CHARS: usize = 2048;

/// Why a list of search domains is too long, if it is.
pub(super) fn of_searches<'s>(searches: impl Iterator<Item = &'s str>) -> Option<String> {
    let (count, bytes) =
        searches.fold((0, 0), |(count, bytes), search| (count + 1, bytes + search.len()));
    let chars = bytes + count.max(1) - 1;
    if count > SEARCHES {
        Some(format!("these are {count} search domains, and the API server allows {SEARCHES}"))
    } else if chars > SEARCH_CHARS {
        Some(format!(
            "these search domains have {chars} characters, and the API server allows {SEARCH_CHARS}"
        ))
    } else {
        None
    }
}

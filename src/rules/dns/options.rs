//! The options of the resolver.

use super::kept::Kept;
use super::settings::Wanted;
use super::{Dns, list};
use crate::edit::Edit;
use crate::finding::{Safety, Violation, quoted};
use crate::pod::view::DnsConfig;
use crate::pointer::Pointer;

impl Dns {
    /// Reports options that are missing, or have another value where that is not to be.
    ///
    /// `kept` says why the pod keeps its dnsPolicy; it is told once, beside what is changed all the same.
    pub(super) fn judge_options(
        &self,
        config: Option<&DnsConfig<'_>>,
        kept: Option<&Kept<'_>>,
        violations: &mut Vec<Violation>,
    ) {
        let present = list(config.map(|config| &config.options));
        let place = Pointer::new("/spec/dnsConfig/options");
        let mut missing: Vec<&Wanted> = Vec::new();
        let mut note = kept;
        let mut suffix = || note.take().map(|kept| format!("; {kept}")).unwrap_or_default();
        for wanted in &self.options {
            // The last of two counts (`mergeDNSOptions`, pkg/kubelet/network/dns/dns.go).
            let found = present
                .iter()
                .enumerate()
                .rfind(|(_, option)| option.name.as_deref() == Some(wanted.name.as_str()));
            let Some((index, option)) = found else {
                missing.push(wanted);
                continue;
            };
            let now = option.value.as_deref().unwrap_or_default();
            let value = wanted.value.as_deref();
            if !wanted.overrides || now == value.unwrap_or_default() {
                continue;
            }
            let place = place.clone().join(index).join("value");
            let edit = match value {
                Some(value) => Edit::set(place.clone(), value),
                None => Edit::remove(place.clone()),
            };
            let (name, asked) = (&wanted.name, &wanted.text);
            let value = value.unwrap_or("no value");
            let seen = quoted(if now.is_empty() { "no value" } else { now });
            let now = seen.trim_matches('`');
            let suffix = suffix();
            violations.push(
                Violation::pod(
                    place,
                    format!("the resolver option `{name}` has {seen}, and `{asked}` is asked for"),
                    format!("give it {value}{suffix}"),
                )
                .with_fix(
                    format!("dnsConfig.options {name} {now} -> {value}{suffix}"),
                    Safety::Unsafe,
                    vec![edit],
                ),
            );
        }
        if missing.is_empty() {
            return;
        }
        let texts: Vec<&str> = missing.iter().map(|wanted| wanted.text.as_str()).collect();
        let text = texts.join(", ");
        let edits =
            missing.iter().map(|one| Edit::append(place.clone(), one.entry.clone())).collect();
        let suffix = suffix();
        violations.push(
            Violation::pod(
                place,
                format!("resolver options are missing: {}", quoted(&text)),
                format!("add them to dnsConfig.options{suffix}"),
            )
            .with_fix(
                format!("dnsConfig.options + {text}{suffix}"),
                Safety::Unsafe,
                edits,
            ),
        );
    }
}

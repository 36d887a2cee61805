//! Text that only the cluster's DNS can resolve.
//!
//! One pass, without allocation. No name runs across a quote, a control character or white space: text between quotes
//! is read as it is without them.

/// Schemes of URLs by which programs dial a host. In others the first part is a bucket, an image or a path
/// (`s3://bucket/key`, `docker://nginx`), which nobody resolves.
const DIALLED: [&str; 72] = [
    "alluxio",
    "amqp",
    "amqps",
    "bolt",
    "cassandra",
    "clickhouse",
    "cockroachdb",
    "consul",
    "elasticsearch",
    "etcd",
    "ftp",
    "ftps",
    "git",
    "grpc",
    "grpcs",
    "h2c",
    "hdfs",
    "hive2",
    "http",
    "https",
    "imap",
    "imaps",
    "influxdb",
    "kafka",
    "ldap",
    "ldaps",
    "mariadb",
    "memcache",
    "memcached",
    "mongodb",
    "mqtt",
    "mqtts",
    "mssql",
    "mysql",
    "mysql2",
    "nats",
    "neo4j",
    "nfs",
    "oracle",
    "postgres",
    "postgresql",
    "presto",
    "pulsar",
    "pyamqp",
    "ray",
    "redis",
    "rediss",
    "rsync",
    "rtsp",
    "sentinel",
    "sftp",
    "smb",
    "smtp",
    "smtps",
    "socks5",
    "socks5h",
    "spark",
    "sqlserver",
    "ssh",
    "ssl",
    "stomp",
    "svn",
    "syslog",
    "tcp",
    "thrift",
    "tls",
    "trino",
    "ucx",
    "udp",
    "webhdfs",
    "ws",
    "wss",
];

/// Whether `text` holds a host name that only the cluster's DNS can resolve.
pub(super) fn names_cluster(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'.', b':', bytes).any(|at| {
        let (before, after) = (&bytes[..at], &bytes[at + 1..]);
        match bytes[at] {
            b'.' => ends_label(before) && begins_cluster_suffix(after),
            _ => {
                after.starts_with(b"//")
                    && has_single_label_host(&after[2..])
                    && ends_dialled_scheme(before)
            }
        }
    })
}

/// Whether a label stands before a dot: one that is written out, that is filled in (`$(NS).svc`, `${NS}.svc`), or
/// any (`*.svc`). A suffix alone (`NO_PROXY=.svc`) names no Service.
fn ends_label(before: &[u8]) -> bool {
    before.last().is_some_and(|byte| is_label_byte(*byte) || b")}*".contains(byte))
}

fn begins_cluster_suffix(rest: &[u8]) -> bool {
    [b"svc".as_slice(), b"cluster.local"].iter().any(|suffix| {
        rest.get(..suffix.len()).is_some_and(|start| start.eq_ignore_ascii_case(suffix))
            && !rest.get(suffix.len()).copied().is_some_and(is_label_byte)
    })
}

/// Whether the text before `://` ends in a scheme by which a host is dialled. `jdbc:mysql` ends in `mysql`, and each
/// part of `postgresql+psycopg2` or `git+ssh` may be the one. A scheme that is filled in (`$(SCHEME)://hub`) may
/// be any. No scheme of ours holds a dash: what stands before one is the shell's (`${HUB:-http://hub}`).
fn ends_dialled_scheme(before: &[u8]) -> bool {
    let is_scheme_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"+.".contains(byte);
    let length = before.iter().rev().take_while(|byte| is_scheme_byte(byte)).count();
    let (outer, scheme) = before.split_at(before.len() - length);
    match outer.last() {
        Some(b')' | b'}') if scheme.is_empty() => return true,
        Some(b'$') if !scheme.is_empty() => return true,
        _ => {}
    }
    let any_part = |names: &[&str]| {
        let is_one =
            |part: &[u8]| names.iter().any(|name| part.eq_ignore_ascii_case(name.as_bytes()));
        scheme.split(|byte| *byte == b'+').any(is_one)
    };
    // `http+unix` and `git+file` speak the protocol to something on the node.
    any_part(&DIALLED) && !any_part(&["unix", "file"])
}

/// `hub:8081/x`: a host of one label is found through the cluster's search path alone.
fn has_single_label_host(rest: &[u8]) -> bool {
    let end = rest.iter().position(|byte| ends_authority(*byte)).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = match memchr::memrchr(b'@', authority) {
        Some(at) => &authority[at + 1..],
        None => authority,
    };
    let label = label(host);
    label.first().is_some_and(u8::is_ascii_alphabetic)
        && !label.eq_ignore_ascii_case(b"localhost")
        && !goes_on_with_dot(&host[label.len()..])
}

/// The bytes that neither a host nor the user and password before it hold. Brackets are none of them: a password
/// may be filled in (`$(PASSWORD)@db`). A host ends at them anyhow.
fn ends_authority(byte: u8) -> bool {
    byte.is_ascii_control() || b" /?#\"'`\\|,;&<>".contains(&byte)
}

fn label(text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|byte| is_label_byte(**byte)).count();
    &text[..length]
}

/// Whether a dot follows a host's first label, at once or behind what is filled in (`app-${ENV}.example.com`,
/// `app-{{env}}.example.com`, `app-%s.example.com`).
fn goes_on_with_dot(mut rest: &[u8]) -> bool {
    loop {
        rest = match rest {
            [b'.', ..] => return true,
            [b'$', b'(', inner @ ..] => behind(inner, b')'),
            [b'$', b'{', inner @ ..] | [b'{', inner @ ..] => behind(inner, b'}'),
            [b'$' | b'%', name @ ..] => name,
            _ => return false,
        };
        rest = &rest[label(rest).len()..];
    }
}

/// What follows the closing brackets.
fn behind(inner: &[u8], close: u8) -> &[u8] {
    let start = memchr::memchr(close, inner).unwrap_or(inner.len());
    let closing = inner[start..].iter().take_while(|byte| **byte == close).count();
    &inner[start + closing..]
}

/// A byte of a host name that is no dot.
fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

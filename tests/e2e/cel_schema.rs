//! What expressions know of a pod is what the API server says of it.

use std::path::Path;

use crate::cluster;
use crate::pod_type::pod_type;

/// `PLIMSOLL_UPDATE=1` writes the file anew.
#[test]
fn the_type_of_a_pod_is_that_of_the_api_server() {
    if cluster::skipped("the_type_of_a_pod_is_that_of_the_api_server") {
        return;
    }
    let cluster = cluster::Cluster::shared().unwrap();
    let document = cluster.kubectl_ok(&["get", "--raw", "/openapi/v3/api/v1"]).unwrap();
    let wanted = pod_type(&serde_json::from_str(&document).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cel/schema/pod.txt");
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == wanted, "src/cel/schema/pod.txt is out of date: PLIMSOLL_UPDATE=1 writes it");
}

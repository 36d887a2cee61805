//! Plimsoll behind a real API server, driven by real kubectl.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/cluster.rs"]
mod cluster;
use cluster::go;
#[path = "generated/pod_type.rs"]
mod pod_type;

#[path = "e2e/airflow.rs"]
mod airflow;
#[path = "e2e/always_pull_images.rs"]
mod always_pull_images;
#[path = "e2e/audit.rs"]
mod audit;
#[path = "e2e/audit_log.rs"]
mod audit_log;
#[path = "e2e/cel.rs"]
mod cel;
#[path = "e2e/cel_schema.rs"]
mod cel_schema;
#[path = "e2e/certificates.rs"]
mod certificates;
#[path = "e2e/cluster_policies.rs"]
mod cluster_policies;
#[path = "e2e/crds.rs"]
mod crds;
#[path = "e2e/defaulted.rs"]
mod defaulted;
#[path = "e2e/denials.rs"]
mod denials;
#[path = "e2e/doctor.rs"]
mod doctor;
#[path = "e2e/doors.rs"]
mod doors;
#[path = "e2e/emergency.rs"]
mod emergency;
#[path = "e2e/expression.rs"]
mod expression;
#[path = "e2e/forecast.rs"]
mod forecast;
#[path = "e2e/image_digest.rs"]
mod image_digest;
#[path = "e2e/image_registry.rs"]
mod image_registry;
#[path = "support/images.rs"]
mod images;
#[path = "e2e/labels.rs"]
mod labels;
#[path = "e2e/ledgers.rs"]
mod ledgers;
#[path = "e2e/managed.rs"]
mod managed;
#[path = "e2e/placement.rs"]
mod placement;
#[path = "e2e/policy_reports.rs"]
mod policy_reports;
#[path = "e2e/policy_webhook.rs"]
mod policy_webhook;
#[path = "e2e/service.rs"]
mod service;
#[path = "e2e/spread.rs"]
mod spread;
#[path = "e2e/termination.rs"]
mod termination;
#[path = "e2e/updates.rs"]
mod updates;
#[path = "e2e/webhook.rs"]
mod webhook;
#[path = "e2e/webhook_configurations.rs"]
mod webhook_configurations;
#[path = "e2e/workloads.rs"]
mod workloads;

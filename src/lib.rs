//! Plimsoll judges and patches Kubernetes pods at admission.

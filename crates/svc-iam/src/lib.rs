//! svc-iam.

//! svc-sts.

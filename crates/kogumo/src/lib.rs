//! kogumo.

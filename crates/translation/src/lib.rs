//! Translation of text between human languages, offline.

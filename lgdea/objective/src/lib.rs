//! Loss terms and the relation graph.

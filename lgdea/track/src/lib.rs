//! The journal of a run, its lineage, and MLflow as a view of it.

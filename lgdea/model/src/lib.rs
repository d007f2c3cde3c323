//! Encoders, lesion queries and the evidence space.

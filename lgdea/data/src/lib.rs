//! Studies, pairing manifests, image stores and batches.

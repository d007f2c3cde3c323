//! Zero-shot classification, retrieval and phrase grounding.

//! The panel: a touch page beside the reader.

//! Supervises readers and turns what they see into clean tap events.

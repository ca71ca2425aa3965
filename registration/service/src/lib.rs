//! Runs the station machines: performs their effects through ports, one function per use case.

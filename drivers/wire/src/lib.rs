//! Bytes to typed messages and back, for hosts and for simulators; no I/O.

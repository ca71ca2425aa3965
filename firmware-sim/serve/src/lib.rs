//! Puts a simulated device on a pty, in process, or behind vpcd.

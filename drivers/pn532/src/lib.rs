//! PN532 reader driver: a session without I/O, and its UART shell.

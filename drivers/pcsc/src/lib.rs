//! PC/SC reader driver over the pcscd of this machine.

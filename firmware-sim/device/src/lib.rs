//! Simulated reader firmware and virtual cards: commands in, answers and times out; no I/O.

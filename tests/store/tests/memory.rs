//! The store in memory does what every store does: what a flow shows on it holds on the others.

kazasu_store_contract::contract!(kazasu_store_contract::Memory::new());

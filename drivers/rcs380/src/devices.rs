/// A USB product that this driver drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// USB vendor.
    pub vendor_id: u16,
    /// USB product.
    pub product_id: u16,
    /// What stands on it.
    pub name: &'static str,
}

/// Every product that this driver drives: the one list of them. Numbers as the Linux kernel's
/// `port100` and nfcpy have them.
pub const PRODUCTS: [Product; 2] = [
    Product { vendor_id: 0x054C, product_id: 0x06C1, name: "RC-S380/S" },
    Product { vendor_id: 0x054C, product_id: 0x06C3, name: "RC-S380/P" },
];

/// The module of the Linux kernel that takes these readers for itself.
pub const KERNEL_MODULE: &str = "port100";

impl Product {
    /// The product of these numbers, if it is one of [`PRODUCTS`].
    #[must_use]
    pub fn of(vendor_id: u16, product_id: u16) -> Option<Self> {
        let same = |p: &Self| (p.vendor_id, p.product_id) == (vendor_id, product_id);
        PRODUCTS.into_iter().find(same)
    }
}

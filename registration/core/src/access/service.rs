use serde::{Deserialize, Serialize};

/// A service of the device (spec 30 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Copy.
    Copy,
    /// Fax.
    Fax,
    /// Internet fax.
    InternetFax,
    /// Scan to mail.
    ScanMail,
    /// Scan to a folder of the device.
    ScanFolder,
    /// Scan by a job template.
    ScanTemplate,
    /// Scan to the network.
    ScanNetwork,
    /// Scan to a USB medium.
    ScanUsb,
    /// Scan and send a URL.
    ScanUrl,
    /// Scan by Web Services on Devices.
    ScanWsd,
    /// Print from media and from the network.
    Print,
    /// Reports.
    Report,
    /// Print of documents that are stored on the device.
    StoredPrint,
    /// Job flow sheets.
    JobFlow,
    /// The BMLinkS menu.
    BmlinksMenu,
    /// Scan from the BMLinkS menu.
    BmlinksScan,
    /// Pull print from the BMLinkS menu.
    BmlinksPullPrint,
    /// Work on folders and their documents.
    FolderOperation,
    /// Calibration of colours.
    ColourCalibration,
    /// Diagnostics.
    Diagnostics,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 20] = [
        Self::Copy,
        Self::Fax,
        Self::InternetFax,
        Self::ScanMail,
        Self::ScanFolder,
        Self::ScanTemplate,
        Self::ScanNetwork,
        Self::ScanUsb,
        Self::ScanUrl,
        Self::ScanWsd,
        Self::Print,
        Self::Report,
        Self::StoredPrint,
        Self::JobFlow,
        Self::BmlinksMenu,
        Self::BmlinksScan,
        Self::BmlinksPullPrint,
        Self::FolderOperation,
        Self::ColourCalibration,
        Self::Diagnostics,
    ];

    /// What its jobs count as, for limits and accessories; `None` where the job says it (job
    /// flow), or where there is none. Stored documents are prints unless the job says otherwise.
    #[must_use]
    pub fn kind(self) -> Option<JobKind> {
        match self {
            Self::Copy => Some(JobKind::Copy),
            Self::Fax => Some(JobKind::Fax),
            Self::InternetFax => Some(JobKind::InternetFax),
            Self::ScanMail
            | Self::ScanFolder
            | Self::ScanTemplate
            | Self::ScanNetwork
            | Self::ScanUsb
            | Self::ScanUrl
            | Self::ScanWsd
            | Self::BmlinksScan => Some(JobKind::Scan),
            Self::Print | Self::StoredPrint | Self::BmlinksPullPrint => Some(JobKind::Print),
            Self::Report
            | Self::JobFlow
            | Self::BmlinksMenu
            | Self::FolderOperation
            | Self::ColourCalibration
            | Self::Diagnostics => None,
        }
    }

    /// Whether a lock asks anybody to sign in. Reports ask the accessory only, calibration is
    /// always open, diagnostics are the engineer's (S30-6-04).
    #[must_use]
    pub fn lock_acts(self) -> bool {
        !matches!(self, Self::Report | Self::ColourCalibration | Self::Diagnostics)
    }
}

/// What a job counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// Copy.
    Copy,
    /// Fax.
    Fax,
    /// Internet fax.
    InternetFax,
    /// Scan.
    Scan,
    /// Print.
    Print,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Copy, Self::Fax, Self::InternetFax, Self::Scan, Self::Print];
}

/// The colour mode of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Black only.
    Black,
    /// Any colour.
    Colour,
    /// The original decides: may turn out either.
    Automatic,
}

/// A set of colour modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ColourModes {
    /// Black only.
    pub black: bool,
    /// Any colour.
    pub colour: bool,
}

impl ColourModes {
    /// None.
    pub const NONE: Self = Self { black: false, colour: false };
    /// Both.
    pub const BOTH: Self = Self { black: true, colour: true };

    /// Whether a job of this colour stays inside the set.
    #[must_use]
    pub fn cover(self, colour: Colour) -> bool {
        match colour {
            Colour::Black => self.black,
            Colour::Colour => self.colour,
            Colour::Automatic => self.black && self.colour,
        }
    }
}

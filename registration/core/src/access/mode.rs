use kazasu_hal::words;
use serde::{Deserialize, Serialize};

words! {
    /// How the device finds out who uses it (spec 30 section 2).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum AuthenticationMode {
        /// Nobody signs in as a user.
        #[default]
        Off = "off",
        /// User records on the device.
        Local = "local",
        /// Records cached from an accounting server, which knows the IDs.
        AccountingVerified = "accounting-verified",
        /// The ID typed is only logged.
        AccountingUnverified = "accounting-unverified",
        /// A directory or an agent decides.
        Remote = "remote",
    }
}

impl AuthenticationMode {
    /// Whether a signed-in user is identified. In remote mode guests are the exception.
    #[must_use]
    pub fn identifies(self) -> bool {
        match self {
            Self::Off | Self::AccountingUnverified => false,
            Self::Local | Self::AccountingVerified | Self::Remote => true,
        }
    }
}

/// Who decides in remote mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemoteKind {
    /// An authentication agent: the only kind that tells what a user may do.
    Agent,
    /// Kerberos.
    Kerberos,
    /// LDAP, Active Directory included.
    #[default]
    Ldap,
    /// SMB.
    Smb,
}

impl RemoteKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Kerberos, Self::Ldap, Self::Smb];
}

/// How people sign in at this device, as far as access depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// The authentication mode.
    pub mode: AuthenticationMode,
    /// Who decides; counts in remote mode only.
    pub remote: RemoteKind,
}

impl SignIn {
    /// Whether limits of single users exist in this mode: not where nobody is identified, and in
    /// remote mode with an agent only (spec 30 section 6).
    #[must_use]
    pub fn has_user_limits(self) -> bool {
        match self.mode {
            AuthenticationMode::Local | AuthenticationMode::AccountingVerified => true,
            AuthenticationMode::Remote => self.remote == RemoteKind::Agent,
            AuthenticationMode::Off | AuthenticationMode::AccountingUnverified => false,
        }
    }
}

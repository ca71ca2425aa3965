//! What holds for any bytes at all. The fuzz target `csv` of `registration/fuzz` runs this, and a
//! test runs it on what was found before.

use std::time::SystemTime;

use kazasu_registration::{ListedUser, Settings, Site, UserKey};

use crate::office::{
    export,
    rows::{self, ImportError, Imported},
};

/// Stands where a password would.
const PLANTED: &str = "Zq7~planted";

/// Files of an import. `@@` in them is a password.
///
/// What is taken is exported and imported as the same users. An error names lines that the file
/// has, no more than it may, and shows nothing of any cell.
pub fn csv(data: &[u8]) {
    let Ok(site) = Site::new(Settings::default()) else { return };
    let text = String::from_utf8_lossy(data);
    let file = match data.is_ascii() {
        true => text.replace("@@", PLANTED).into_bytes(),
        false => data.to_vec(),
    };
    match rows::parse(&file, &site) {
        Ok(users) => {
            let lines = lines(&file);
            assert!(users.iter().all(|(line, _)| (1..=lines).contains(line)), "{users:?}");
            let passwords = users.iter().map(|(_, imported)| &imported.user.password);
            assert!(passwords.flatten().all(|password| format!("{password:?}") == "Password(..)"));
            let wanted: Vec<_> = users.iter().map(|(_, user)| shown(user)).collect();
            let exported =
                export::csv(&users.iter().map(|(_, user)| listed(user)).collect::<Vec<_>>());
            let again = rows::parse(exported.as_bytes(), &site);
            let again = again.map(|users| users.iter().map(|(_, u)| shown(u)).collect::<Vec<_>>());
            assert_eq!(again, Ok(wanted), "{exported}");
        }
        Err(error) => {
            let told = error.to_string();
            // But a column that is called so, in a file that has a header.
            let named = matches!(&error, ImportError::UnknownColumn(_));
            let has_header = text.contains("user_id");
            assert!(!told.contains(PLANTED) || named && has_header, "{told}");
            if let ImportError::Lines { bad, .. } = &error {
                let lines = lines(&file);
                assert!(bad.iter().all(|bad| (1..=lines).contains(&bad.line)), "{told}");
                assert!((1..=101).contains(&told.lines().count()), "{told}");
            }
        }
    }
}

/// Lines as an editor counts them, the one after the last line end too.
fn lines(file: &[u8]) -> u64 {
    1 + file.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
}

fn shown(user: &Imported) -> String {
    let Imported { user, role, limits } = user;
    format!("{:?} {:?} {:?} {role:?} {limits:?}", user.id, user.name, user.mail)
}

fn listed(imported: &Imported) -> ListedUser {
    let user = &imported.user;
    ListedUser {
        key: UserKey::Registered(user.id.clone()),
        name: user.name.clone(),
        mail: user.mail.clone(),
        role: imported.role,
        limits: imported.limits,
        has_card: false,
        created_at: SystemTime::UNIX_EPOCH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_inputs() {
        kazasu_replay::found("csv", include_str!("../../fuzz/corpus/csv.txt"), csv);
    }
}

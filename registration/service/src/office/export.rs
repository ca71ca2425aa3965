use kazasu_registration::{ListedUser, UserKey};

use super::{
    rows::{Column, HEADER},
    spreadsheet,
};

/// The registered ones among these users as a CSV file that an import reads.
pub(crate) fn csv(users: &[ListedUser]) -> String {
    let mut text = row(HEADER.map(Column::as_str));
    for user in users {
        if let UserKey::Registered(id) = &user.key {
            let mail = user.mail.as_ref().map_or("", |mail| mail.as_str());
            let limits = user.limits.to_text();
            let cells =
                [id.as_str(), user.name.as_str(), mail, user.role.as_str(), limits.as_str()];
            text.push_str(&row(cells));
        }
    }
    text
}

/// Every cell is quoted: no rule about which have to be. None is run by a spreadsheet.
fn row(cells: [&str; 5]) -> String {
    let quoted = cells.map(|cell| format!("\"{}\"", spreadsheet::shown(cell).replace('"', "\"\"")));
    format!("{}\n", quoted.join(","))
}

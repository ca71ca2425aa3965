//! What every store must do, whatever it is made of, and a store in [`Memory`] that does it.
//!
//! [`contract!`] makes a test of each row for one kind of store, given as an expression that makes a
//! new [`Place`]. A row takes an empty store, or the place of one where it opens it again or does
//! something to it from outside.

#![expect(missing_docs, reason = "rows: their names say what holds")]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod audit;
mod backup;
mod damaged;
mod memory;
mod people;
mod records;
mod settings;

use std::path::Path;

use kazasu_registration::UserId;
use kazasu_store::{BackupError, Restored, Store};

pub use audit::*;
pub use backup::*;
pub use damaged::*;
pub use memory::Memory;
pub use people::*;
pub use records::*;
pub use settings::*;

/// Where one store is kept, and what is done to it there.
pub trait Place {
    /// Its kind.
    type Store: Store;

    /// Opens the store, the first time or again after it was closed.
    fn open(&self) -> Self::Store;

    /// Makes its audit log take records or not.
    fn take_records(&self, takes: bool);

    /// Replaces the audit log by one of so many records, of which no kind is full. The store is closed.
    fn fill_log(&self, records: u64);

    /// Makes a user's record unreadable.
    fn damage_record(&self, user: &UserId);

    /// Puts a backup in the place of what is there. The store is closed.
    ///
    /// # Errors
    /// [`BackupError`].
    fn restore_from(&self, file: &Path) -> Result<Restored, BackupError>;
}

/// A test of each row for the store that this expression makes a place of.
#[macro_export]
macro_rules! contract {
    ($place:expr) => {
        $crate::contract!(store $place =>
            a_card_goes_from_unknown_to_provisional_to_registered,
            nobody_new_has_the_number_of_a_known_card,
            records_come_back_as_they_were_stored,
            identity_is_technology_bytes_and_system,
            a_replaced_card_is_unknown_again,
            a_refused_binding_changes_nothing,
            users_are_added_all_or_none,
            provisional_users_take_slots,
            deleting_frees_the_card,
            a_copy_is_not_called_what_a_card_is,
            a_copy_is_made_and_brought_up_to_date,
            nobody_changes_from_one_source_to_the_other,
            a_copy_takes_room,
            numbers_are_what_the_caller_says,
            a_provisional_users_password_goes_with_the_record,
            people_change_their_own_record,
            administrators_change_records,
            an_old_id_is_found_by_its_spelling_until_it_is_renamed,
            leftovers_are_deleted_and_nobody_else,
            leftovers_give_way,
            settings_have_versions,
            secrets_are_set_and_removed,
            all_cards_get_new_numbers_or_none,
            a_new_number_is_nobodys_user_id,
            numbers_may_change_places,
            long_lists_of_collisions_are_cut,
            a_change_of_mode_deletes_users,
            wrong_passwords_are_counted_for_users_alone,
            the_log_tells_all_and_holds_no_number,
            each_change_has_its_records,
            what_changes_nothing_has_no_record,
            records_are_told_in_the_order_they_were_written,
            the_newest_record_is_told,
            the_newest_of_a_kind_are_kept,
        );
        $crate::contract!(place $place =>
            what_cannot_be_audited_is_not_done,
            the_newest_of_all_are_kept,
            a_log_goes_on_after_it_was_closed,
            a_damaged_record_stops_nobody_else,
            a_backup_restored_is_what_was_saved,
            a_backup_that_was_changed_is_refused,
            a_backup_is_written_over_backups_alone,
        );
    };
    (store $place:expr => $($name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            let place = $place;
            $crate::$name(&$crate::Place::open(&place)).await;
        }
    )*};
    (place $place:expr => $($name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            $crate::$name(&$place).await;
        }
    )*};
}

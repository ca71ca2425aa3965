use kazasu_registration::{
    UserId,
    access::{AuthenticationMode, FolderSettings, Person, Who},
};

use crate::Reason;

use Cell::{
    Linked as N3, No as N, NotApplicable as X, Own as Y4, Unauthenticated as T2, WithEdit as Y1,
    WithPassword as Y2, Yes as Y,
};

/// Whom a folder or sheet belongs to.
///
#[doc = include_str!("ownership_table.md")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Made in mode off, or by somebody signed in under a mode that does not identify.
    Shared,
    /// Made by the key operator or the service engineer.
    KeyOperator,
    /// Made by an identified user.
    Personal(UserId),
}

/// Whom a sheet belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SheetOwner {
    /// Its folder: a general user made it in mode off in order to link it there.
    Box,
    /// Somebody.
    Owned(Owner),
}

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Whose the folder is.
    pub owner: Owner,
    /// Its password.
    pub password: FolderPassword,
}

/// What is known of a folder's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderPassword {
    /// It has none.
    None,
    /// It has one, which this person has not given.
    Due,
    /// This person gave it.
    Given,
}

/// A job flow sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet<'a> {
    /// Whose the sheet is.
    pub owner: SheetOwner,
    /// The folders it is linked to. Several: one that grants is enough (OURS).
    pub linked_to: &'a [Folder],
}

/// What somebody wants with a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetAction<'a> {
    /// See it.
    View,
    /// Select and run it by hand.
    Run,
    /// Let a document that arrives in a folder start it: nobody does, so nobody is asked.
    RunByItself,
    /// Make a copy, on its own or in order to link it to this folder. It belongs to whoever makes
    /// it.
    Copy(Option<&'a Folder>),
    /// Edit it.
    Edit,
    /// Delete it.
    Delete,
    /// Link it to this folder.
    Link(&'a Folder),
    /// Give it to somebody else.
    ChangeOwner,
}

/// What somebody wants with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderAction {
    /// List it and its documents.
    List,
    /// Delete a document.
    DeleteDocument,
    /// Put a document in.
    PutIn,
    /// Print a document.
    Print,
    /// Put a document out as a file.
    OutputFile,
    /// Change its settings.
    Change,
    /// Delete it.
    Delete,
    /// Give it to somebody else.
    ChangeOwner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Read,
    Create,
    Edit,
    Store,
    ChangeOwner,
}

/// A cell of the table; the numbers are its notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Yes,
    No,
    NotApplicable,
    WithEdit,
    WithPassword,
    Linked,
    Own,
    Unauthenticated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Category {
    BoxSheet,
    SharedSheet,
    SharedFolder,
    KeyOperator,
    Personal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// A general user in mode off.
    Off,
    /// The key operator or engineer in mode off.
    OffKo,
    /// Not signed in, guest, provisional.
    Outsider,
    Unidentified,
    Identified,
    /// The key operator or engineer in any other mode.
    Ko,
}

type Rights = [Cell; 5];

/// `ownership_table.md`, column by column.
const fn rights(column: Column, category: Category) -> Rights {
    use Category::{BoxSheet, KeyOperator, Personal, SharedFolder, SharedSheet};
    match (column, category) {
        // S30-7-01 to 05
        (Column::Off, BoxSheet) => [Y1, Y1, Y1, X, N],
        (Column::Off, SharedSheet) => [Y, N, Y, X, N],
        (Column::Off, SharedFolder) => [X, Y, Y2, Y2, N],
        (Column::Off, KeyOperator) => [Y, N, N, Y2, N],
        (Column::Off, Personal) => [N, N, N, N, N],

        (Column::OffKo, BoxSheet) => [Y, N, Y, X, N],
        (Column::OffKo, SharedSheet) => [Y, N, Y, X, N],
        (Column::OffKo, SharedFolder) => [X, N, Y, Y, N],
        (Column::OffKo, KeyOperator) => [Y, Y, Y, Y, N],
        (Column::OffKo, Personal) => [Y, N, Y, Y, N],

        // S30-7-06 to 10
        (Column::Outsider, BoxSheet) => [N, N, N, X, N],
        (Column::Outsider, SharedSheet) => [N, N, N, X, N],
        (Column::Outsider, SharedFolder) => [X, N, N, N, N],
        (Column::Outsider, KeyOperator) => [N, N, N, T2, N],
        (Column::Outsider, Personal) => [N, N, N, N, N],

        (Column::Unidentified, BoxSheet) => [N3, N, N, X, N],
        (Column::Unidentified, SharedSheet) => [Y, Y, Y, X, N],
        (Column::Unidentified, SharedFolder) => [X, Y, Y2, Y2, N],
        (Column::Unidentified, KeyOperator) => [Y, N, N, Y2, N],
        (Column::Unidentified, Personal) => [N3, N, N, N, N],

        (Column::Identified, BoxSheet) => [N3, N, N, X, N],
        (Column::Identified, SharedSheet) => [N3, N, N, X, N],
        (Column::Identified, SharedFolder) => [X, N, N, N, N],
        (Column::Identified, KeyOperator) => [Y, N, N, Y2, N],
        (Column::Identified, Personal) => [Y4, Y4, Y4, Y4, N],

        (Column::Ko, BoxSheet) => [Y, N, Y, X, N],
        (Column::Ko, SharedSheet) => [Y, N, Y, X, N],
        (Column::Ko, SharedFolder) => [X, N, Y, Y, N],
        (Column::Ko, KeyOperator) => [Y, Y, Y, Y, N],
        (Column::Ko, Personal) => [Y, N, Y, Y, N],
    }
}

fn cell(column: Column, category: Category, right: Right) -> Cell {
    let [read, create, edit, store, change_owner] = rights(column, category);
    match right {
        Right::Read => read,
        Right::Create => create,
        Right::Edit => edit,
        Right::Store => store,
        Right::ChangeOwner => change_owner,
    }
}

/// The column of a general user, an added administrator's folders included.
fn user_column(who: &Who) -> Column {
    match &who.person {
        Person::Provisional { .. } | Person::Guest => Column::Outsider,
        _ if who.sign_in.mode == AuthenticationMode::Off => Column::Off,
        Person::Nobody => Column::Outsider,
        _ if who.identified().is_some() => Column::Identified,
        _ => Column::Unidentified,
    }
}

fn key_operator_column(who: &Who) -> Column {
    match who.sign_in.mode {
        AuthenticationMode::Off => Column::OffKo,
        _ => Column::Ko,
    }
}

fn folder_column(who: &Who) -> Column {
    match who.person {
        // Folders are for the owner and the key operator only (spec 40 section 1).
        Person::KeyOperator | Person::Engineer => key_operator_column(who),
        _ => user_column(who),
    }
}

fn sheet_column(who: &Who) -> Column {
    if who.is_administrator() { key_operator_column(who) } else { user_column(who) }
}

impl Owner {
    /// Whom a folder that this person opens belongs to; `None` for people who own nothing.
    #[must_use]
    pub fn of_new_folder(who: &Who) -> Option<Self> {
        Self::of_new(who, folder_column(who))
    }

    fn of_new(who: &Who, column: Column) -> Option<Self> {
        match column {
            Column::Outsider => None,
            Column::Off | Column::Unidentified => Some(Self::Shared),
            Column::OffKo | Column::Ko => Some(Self::KeyOperator),
            Column::Identified => who.identified().cloned().map(Self::Personal),
        }
    }

    fn is(&self, who: &Who) -> bool {
        matches!(self, Self::Personal(id) if who.identified() == Some(id))
    }

    fn category(&self, shared: Category) -> Category {
        match self {
            Self::Shared => shared,
            Self::KeyOperator => Category::KeyOperator,
            Self::Personal(_) => Category::Personal,
        }
    }
}

impl SheetOwner {
    /// Whom a sheet that this person makes belongs to, on its own or in order to link it to a
    /// folder; `None` for people who own nothing.
    #[must_use]
    pub fn of_new_sheet(who: &Who, for_a_folder: bool) -> Option<Self> {
        match sheet_column(who) {
            Column::Off if for_a_folder => Some(Self::Box),
            column => Owner::of_new(who, column).map(Self::Owned),
        }
    }

    fn category(&self) -> Category {
        match self {
            Self::Box => Category::BoxSheet,
            Self::Owned(owner) => owner.category(Category::SharedSheet),
        }
    }
}

/// May a folder be opened?
pub(crate) fn open_folder(who: &Who, folders: FolderSettings) -> Result<(), Reason> {
    let owner = Owner::of_new_folder(who).ok_or(Reason::OwnsNothing)?;
    let folder = Folder { owner, password: FolderPassword::None };
    on_folder(who, &folder, Right::Create, folders).map(drop)
}

pub(crate) fn folder(
    who: &Who,
    folder: &Folder,
    action: FolderAction,
    folders: FolderSettings,
) -> Result<(), Reason> {
    let right = match action {
        FolderAction::List
        | FolderAction::DeleteDocument
        | FolderAction::PutIn
        | FolderAction::Print
        | FolderAction::OutputFile => Right::Store,
        FolderAction::Change | FolderAction::Delete => Right::Edit,
        FolderAction::ChangeOwner => Right::ChangeOwner,
    };
    let restricted = match action {
        FolderAction::Print => folders.restrict_unauthenticated_print,
        FolderAction::OutputFile => folders.restrict_unauthenticated_output,
        _ => false,
    };
    match on_folder(who, folder, right, folders)? {
        Cell::Unauthenticated if restricted => Err(Reason::OutputRestricted),
        _ => Ok(()),
    }
}

/// The cell that grants, or why none does.
fn on_folder(
    who: &Who,
    folder: &Folder,
    right: Right,
    folders: FolderSettings,
) -> Result<Cell, Reason> {
    let category = folder.owner.category(Category::SharedFolder);
    let cell = cell(folder_column(who), category, right);
    let password = match folder.password {
        FolderPassword::None | FolderPassword::Given => Ok(cell),
        FolderPassword::Due => Err(Reason::FolderPasswordNeeded),
    };
    let all_restricted =
        folders.restrict_unauthenticated_print && folders.restrict_unauthenticated_output;
    match cell {
        Cell::Yes => Ok(cell),
        Cell::Own if folder.owner.is(who) => Ok(cell),
        Cell::WithPassword => password,
        Cell::Unauthenticated if all_restricted => Err(Reason::SignInNeeded),
        Cell::Unauthenticated => password,
        Cell::No | Cell::NotApplicable | Cell::Own | Cell::WithEdit | Cell::Linked => {
            Err(Reason::NotYours)
        }
    }
}

/// May a sheet be made, on its own or in order to link it to this folder?
pub(crate) fn make_sheet(
    who: &Who,
    for_folder: Option<&Folder>,
    folders: FolderSettings,
) -> Result<(), Reason> {
    let owner = SheetOwner::of_new_sheet(who, for_folder.is_some()).ok_or(Reason::OwnsNothing)?;
    let linked_to = for_folder.map(std::slice::from_ref).unwrap_or_default();
    on_sheet(who, &Sheet { owner, linked_to }, Right::Create, folders)
}

pub(crate) fn sheet(
    who: &Who,
    sheet: &Sheet<'_>,
    action: SheetAction<'_>,
    folders: FolderSettings,
) -> Result<(), Reason> {
    let on = |right| on_sheet(who, sheet, right, folders);
    match action {
        SheetAction::View | SheetAction::Run => on(Right::Read),
        SheetAction::RunByItself if sheet.linked_to.is_empty() => Err(Reason::NotYours),
        SheetAction::RunByItself => Ok(()),
        // The copy is a new sheet: C is asked of what it will be (OURS).
        SheetAction::Copy(for_folder) => {
            on(Right::Read)?;
            make_sheet(who, for_folder, folders)
        }
        SheetAction::Edit | SheetAction::Delete => on(Right::Edit),
        SheetAction::Link(folder) => {
            on(Right::Read)?;
            on_folder(who, folder, Right::Edit, folders).map(drop)
        }
        SheetAction::ChangeOwner => on(Right::ChangeOwner),
    }
}

fn on_sheet(
    who: &Who,
    sheet: &Sheet<'_>,
    right: Right,
    folders: FolderSettings,
) -> Result<(), Reason> {
    let holds = |right| {
        let grant = |folder| on_folder(who, folder, right, folders).map(drop);
        let mut refusal = Reason::NotYours;
        for folder in sheet.linked_to {
            match grant(folder) {
                Ok(()) => return Ok(()),
                // That the person can do something about.
                Err(Reason::FolderPasswordNeeded) => refusal = Reason::FolderPasswordNeeded,
                Err(_) => {}
            }
        }
        Err(refusal)
    };
    let own = matches!(&sheet.owner, SheetOwner::Owned(owner) if owner.is(who));
    match cell(sheet_column(who), sheet.owner.category(), right) {
        Cell::Yes => Ok(()),
        Cell::Own if own => Ok(()),
        Cell::WithEdit => holds(Right::Edit),
        Cell::Linked => holds(Right::Store),
        Cell::No | Cell::NotApplicable | Cell::Own | Cell::WithPassword | Cell::Unauthenticated => {
            Err(Reason::NotYours)
        }
    }
}

#[cfg(test)]
#[path = "ownership_test.rs"]
mod tests;

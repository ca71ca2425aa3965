//! Why a request to a reader has no answer.

kazasu_hal::causes! {
    no_reader() = "runtime-no-reader";
    no_requests() = "runtime-no-requests";
    no_card() = "runtime-no-card";
    several_cards() = "runtime-several-cards";
    busy() = "runtime-busy";
    late() = "runtime-late";
    reader_lost() = "runtime-reader-lost";
    card_lost() = "runtime-card-lost";
}

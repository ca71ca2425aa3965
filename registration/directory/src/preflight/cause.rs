//! What the check of a directory can find.

kazasu_hal::causes! {
    /// A value of the section breaks its rule.
    setting(key, code, rule) = "preflight-setting";
    certificates_unusable(path, why) = "preflight-certificates-unusable";
    password_file_unreadable(path, why) = "preflight-password-file-unreadable";
    password_file_open(path) = "preflight-password-file-open";
    password_file_fine(path) = "preflight-password-file-fine";
    unreachable(code, why) = "preflight-unreachable";
    certificate_ends(server, days) = "preflight-certificate-ends";
    certificate_fine(server) = "preflight-certificate-fine";
    clock_apart(server, seconds) = "preflight-clock-apart";
    clock_fine(server) = "preflight-clock-fine";
    nobody_signed_in() = "preflight-nobody-signed-in";
    service_account_none() = "preflight-service-account-none";
    service_account_fine() = "preflight-service-account-fine";
    service_account_fails(code, why) = "preflight-service-account-fails";
    person_fine() = "preflight-person-fine";
    person_refused() = "preflight-person-refused";
    person_fails(code, why) = "preflight-person-fails";
    base_fine() = "preflight-base-fine";
    base_empty() = "preflight-base-empty";
    base_fails(code, why) = "preflight-base-fails";
    key_fails(code, why) = "preflight-key-fails";
    account_state_hidden(code, why) = "preflight-account-state-hidden";
    group_fine(key, group) = "preflight-group-fine";
    group_missing(key, group) = "preflight-group-missing";
    schema_fine() = "preflight-schema-fine";
    schema_hidden() = "preflight-schema-hidden";
    schema_lacks(name) = "preflight-schema-lacks";
    card_attribute_none() = "preflight-card-attribute-none";
    card_attribute_no_text(name) = "preflight-card-attribute-no-text";
    card_length_fine(name) = "preflight-card-length-fine";
    card_too_long(name, max, needed) = "preflight-card-too-long";
    card_values_one(name) = "preflight-card-values-one";
    card_values_several(name) = "preflight-card-values-several";
    card_index_fine(name) = "preflight-card-index-fine";
    card_index_missing(name) = "preflight-card-index-missing";
    card_index_unknown(name) = "preflight-card-index-unknown";
    write_own_fine(card) = "preflight-write-own-fine";
    write_own_denied(card) = "preflight-write-own-denied";
    write_own_untried(card) = "preflight-write-own-untried";
    read_others_fine(card) = "preflight-read-others-fine";
    read_others_plain(card) = "preflight-read-others-plain";
    read_others_keyed(card) = "preflight-read-others-keyed";
    read_others_unknown(card) = "preflight-read-others-unknown";
    delete_fine(card) = "preflight-delete-fine";
    delete_denied(card) = "preflight-delete-denied";
    /// `hidden`: whether the directory may have rules that were not seen.
    never_locks(hidden) = "preflight-never-locks";
    locks_later(theirs, ours, hidden) = "preflight-locks-later";
    /// `set`: what is few enough.
    locks_sooner(theirs, ours, set) = "preflight-locks-sooner";
    locks_at_once(theirs, ours) = "preflight-locks-at-once";
    locks_unknown_domain(ours) = "preflight-locks-unknown-domain";
    locks_unknown_ldap(ours) = "preflight-locks-unknown-ldap";
    names_apart() = "preflight-names-apart";
    password_nobody(shortest, max) = "preflight-password-nobody";
    password_long(max) = "preflight-password-long";
    password_short(min, shortest) = "preflight-password-short";
    password_of_person(rule) = "preflight-password-of-person";
    /// `more`: whether there are others whom `names` does not have.
    ids_broken(count, id, names, more) = "preflight-ids-broken";
    ids_same(count, id, names, more) = "preflight-ids-same";
    fields_broken(count, name, mail, names, more) = "preflight-fields-broken";
    names_cut(count, name, max, names, more) = "preflight-names-cut";
    cards_fine(count) = "preflight-cards-fine";
    cards_twice(count, card, names, more) = "preflight-cards-twice";
    cards_in_part() = "preflight-cards-in-part";
    foreign_kept(count, card, rule, names, more) = "preflight-foreign-kept";
    foreign_lost(count, card, rule, names, more) = "preflight-foreign-lost";
    telephones(count, card, names, more) = "preflight-telephones";
}

# What `kazasu directory check` finds. A message is what was found; its .do is what to do.

preflight-setting = { $key } cannot be used (error { $code }).
    .do = Set { $key } to { $rule }.
preflight-certificates-unusable = The certificates in { $path } cannot be used: { $why }.
    .do = Give a file of PEM certificates that this program may read.
preflight-password-file-unreadable = The password file { $path } cannot be read: { $why }.
    .do = Write the service account's password into it.
preflight-password-file-open = Others on this device may read the password file { $path }.
    .do = chmod 600 { $path }
preflight-password-file-fine = Only its owner reads { $path }.
preflight-unreachable = { $why }.
    .do = Error { $code } tells more.
preflight-certificate-ends = The certificate of { $server } ends in { $days } days (fault 016-524).
    .do = Renew it.
preflight-certificate-fine = { $server } is reached, and its certificate is good.
preflight-clock-apart = The clocks of { $server } and of this device are { $seconds } s apart.
    .do = Let both take the time from the same server.
preflight-clock-fine = The clock of { $server } agrees with this device's.
preflight-nobody-signed-in = Nobody is signed in to the directory, so nothing more could be looked at.
    .do = Set a service account, or run the check with a person's ID.
preflight-service-account-none = No service account is set, so cards cannot be looked up in the directory.
    .do = Set directory.service_account, if people are to sign in with cards kept there.
preflight-service-account-fine = The service account signs in.
preflight-service-account-fails = Error { $code }: { $why }.
    .do = Correct its name and its password file; see whether it is locked.
preflight-person-fine = The person signs in.
preflight-person-refused = The directory refused the person's ID or password.
    .do = Type them again; then check directory.bind_name.
preflight-person-fails = Error { $code }: { $why }.
    .do = See what the code says.
preflight-base-fine = There are people below directory.base_dn.
preflight-base-empty = There are no people below directory.base_dn, as far as may be seen.
    .do = Correct directory.base_dn or directory.person_filter, or permit reading.
preflight-base-fails = Error { $code }: { $why }.
    .do = Correct directory.base_dn.
preflight-key-fails = Error { $code }: { $why }.
    .do = Set directory.attributes.key.
preflight-account-state-hidden = Error { $code }: { $why }.
    .do = Permit the service account to read it.
preflight-group-fine = directory.{ $key }: { $group } is there.
preflight-group-missing = directory.{ $key }: { $group } is not in the directory, as far as may be seen.
    .do = Correct it, or permit reading the group.
preflight-schema-fine = The schema has all attributes.
preflight-schema-hidden = The server does not show its schema, so the attributes were not looked at.
preflight-schema-lacks = There is no attribute { $name } in the schema.
    .do = Correct directory.attributes, or extend the schema.
preflight-card-attribute-none = No attribute is set for card numbers: they cannot be kept in the directory.
    .do = Set directory.attributes.card, if they are to be.
preflight-card-attribute-no-text = Values of { $name } are not text, so it cannot hold card numbers.
    .do = Choose another attribute.
preflight-card-length-fine = { $name } is long enough.
preflight-card-too-long = { $name } holds { $max } characters, card numbers have up to { $needed }.
    .do = Choose a longer attribute, or a shorter rule of card numbers.
preflight-card-values-one = { $name } has one value, so a person has one card.
preflight-card-values-several = { $name } can have several values; registering a card leaves one of them.
preflight-card-index-fine = { $name } is indexed.
preflight-card-index-missing = { $name } is not indexed: each tap reads through the whole directory.
    .do = Index the attribute (searchFlags), or choose one that is.
preflight-card-index-unknown = The server does not tell whether { $name } is indexed.
    .do = Make sure that it has an equality index.
preflight-write-own-fine = People may write their own { $card }.
preflight-write-own-denied = People may not write their own { $card }, so they cannot register a card (050).
    .do = Grant SELF read and write on { $card }.
preflight-write-own-untried = Whether people may write their own { $card } was not tried.
    .do = Run the check with a person's ID and password.
preflight-read-others-fine = People do not see others' { $card }.
preflight-read-others-plain = Anybody can read others' { $card }, and cards with such numbers can be made; anybody who may write it can block a colleague's card with a copy (083).
    .do = Deny reading { $card } to everybody but SELF and the service account, and choose keyed card numbers (card.number=keyed, directory.keyed).
preflight-read-others-keyed = Anybody can read others' { $card }. No card can be made from it, but anybody who may write it can block a colleague's card with a copy (083).
    .do = Deny reading { $card } to everybody but SELF and the service account.
preflight-read-others-unknown = Whether people see others' { $card } could not be told.
    .do = Run the check with a person's ID, once somebody has a card.
preflight-delete-fine = The service account may write people's { $card }: administrators can delete cards.
preflight-delete-denied = The service account may not write people's { $card }.
    .do = Delete cards with the directory's own tools, or grant it.
preflight-never-locks = { $hidden ->
        [0] The directory locks no account.
       *[other] The directory locks no account. Rules for groups (fine-grained policies) may be hidden.
    }
preflight-locks-later = { $hidden ->
        [0] The directory locks an account after { $theirs } wrong passwords; this device lets { $ours } of one person through.
       *[other] The directory locks an account after { $theirs } wrong passwords; this device lets { $ours } of one person through. Rules for groups (fine-grained policies) may be hidden.
    }
preflight-locks-sooner = The directory locks an account after { $theirs } wrong passwords, and this device lets { $ours } of one person through: somebody could lock a colleague's account through it.
    .do = kazasu config set lock-out.user={ $set }.
preflight-locks-at-once = The directory locks an account after { $theirs } wrong passwords, and this device lets { $ours } of one person through: somebody could lock a colleague's account through it.
    .do = Let the directory lock after 2 or more, and kazasu config set lock-out.user=1.
preflight-locks-unknown-domain = After how many wrong passwords the directory locks an account could not be read; this device lets { $ours } of one person through.
    .do = Ask Get-ADDefaultDomainPasswordPolicy (LockoutThreshold), or samba-tool domain passwordsettings show; then kazasu config set lock-out.user=N, where N is less than that.
preflight-locks-unknown-ldap = After how many wrong passwords the directory locks an account could not be read; this device lets { $ours } of one person through.
    .do = Ask ldapsearch '(objectClass=pwdPolicy)' pwdLockout pwdMaxFailure as an administrator; then kazasu config set lock-out.user=N, where N is less than that.
preflight-names-apart = Without a service account this device cannot tell which names are one person's, and counts the wrong passwords of each name by itself.
    .do = Set directory.service_account, if people have several names.
preflight-password-nobody = The directory wants passwords of at least { $shortest } characters, and this device's rule allows { $max } at most: nobody can register (301).
    .do = kazasu config set password.profile=device password.min=default password.max=63.
preflight-password-long = People whose password in the directory has more than { $max } characters cannot register (301).
    .do = kazasu config set password.profile=device password.min=default password.max=63.
preflight-password-short = People whose password in the directory has fewer than { $min } characters cannot register (301); { $shortest } are allowed there.
    .do = kazasu config set password.profile=device password.min=default password.max=63.
preflight-password-of-person = The person's password cannot become the device's: it { $rule } (301).
    .do = Change password.profile, password.min and password.max to what people have.
preflight-ids-broken = { $count } people have a user ID in { $id } that cannot be used here, so they cannot sign in (122): { $names }{ $more ->
        [0] {"."}
       *[other] {" "}and others.
    }
    .do = Give them IDs of 1 to 32 letters, digits and signs of ASCII, or set directory.attributes.user_id to an attribute that has such.
preflight-ids-same = { $count } people have a user ID in { $id } that is somebody else's too, but for case, width or blanks: { $names }{ $more ->
        [0] {"."}
       *[other] {" "}and others.
    } This device takes them for one person.
    .do = Give each of them an ID of their own.
preflight-fields-broken = { $count } people have a { $name } or { $mail } that cannot be used here, so they cannot sign in (301): { $names }{ $more ->
        [0] {"."}
       *[other] {" "}and others.
    }
    .do = Take line ends and other control characters out of the name, and give mail addresses of ASCII.
preflight-names-cut = { $count } people have a { $name } of more than { $max } bytes; its beginning is shown: { $names }{ $more ->
        [0] {"."}
       *[other] {" "}and others.
    }
    .do = Set directory.attributes.name to an attribute of short names, if that does not do.
preflight-cards-fine = { $count } card numbers, each in one entry.
preflight-cards-twice = { $count } card numbers stand in several entries: those cards are refused (083). They are those of { $names }{ $more ->
        [0] {"."}
       *[other] {" "}and others.
    }
    .do = Leave each value of { $card } in one entry.
preflight-cards-in-part = There are more entries than were looked at for duplicates.
preflight-foreign-kept = { $count } values of { $card } are no card numbers: the rule { $rule } makes none of them. They stay, and these people cannot register a card (065). They are those of { $names }{ $more ->
        [0] {"."}
       *[other] {" "}and others.
    }
    .do = Choose an attribute that nobody uses; clear these values, if they are numbers of an older rule; or set directory.replace to anything, and they are overwritten.
preflight-foreign-lost = { $count } values of { $card } are no card numbers: the rule { $rule } makes none of them. They are lost when these people register a card, as directory.replace says. They are those of { $names }{ $more ->
        [0] {"."}
       *[other] {" "}and others.
    }
    .do = Choose an attribute that nobody uses, if they are of use.
preflight-telephones = { $count } values of { $card } are eight digits, as card numbers seldom and telephone numbers often are; they would be replaced by a card. They are those of { $names }{ $more ->
        [0] {"."}
       *[other] {" "}and others.
    }
    .do = Look at them. If they are no cards, choose an attribute that nobody uses.

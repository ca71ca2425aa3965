# `kazasu directory check` が見つけたこと。文がわかったこと、.do が次にすること。

preflight-setting = { $key } の値は使えません（エラー { $code }）。
    .do = { $key } に次の値を設定してください: { $rule }
preflight-certificates-unusable = { $path } の証明書を使えません: { $why }
    .do = このプログラムが読み取れる PEM 形式の証明書のファイルを指定してください。
preflight-password-file-unreadable = パスワードのファイル { $path } を読み取れません: { $why }
    .do = サービスアカウントのパスワードをこのファイルに書いてください。
preflight-password-file-open = パスワードのファイル { $path } を、この機器のほかのアカウントも読み取れます。
    .do = chmod 600 { $path }
preflight-password-file-fine = { $path } を読み取れるのは所有者だけです。
preflight-unreachable = { $why }
    .do = くわしくはエラー { $code } の説明を見てください。
preflight-certificate-ends = { $server } の証明書の期限まで、あと { $days } 日です（障害 016-524）。
    .do = 証明書を更新してください。
preflight-certificate-fine = { $server } に接続できました。証明書は有効です。
preflight-clock-apart = { $server } の時計とこの機器の時計が { $seconds } 秒ずれています。
    .do = 両方の時刻を同じサーバーに合わせてください。
preflight-clock-fine = { $server } の時計はこの機器の時計と合っています。
preflight-nobody-signed-in = 認証サーバーにログインできていないため、これより先は確認できませんでした。
    .do = サービスアカウントを設定するか、利用者IDを指定して確認し直してください。
preflight-service-account-none = サービスアカウントの設定がないため、認証サーバーでカードを検索できません。
    .do = 認証サーバーに登録したカードでログインするときは、directory.service_account を設定してください。
preflight-service-account-fine = サービスアカウントでログインできました。
preflight-service-account-fails = エラー { $code }: { $why }
    .do = アカウント名とパスワードのファイルを直してください。アカウントがロックされていないかも確認してください。
preflight-person-fine = 指定した利用者でログインできました。
preflight-person-refused = 認証サーバーが、指定した利用者IDまたはパスワードを受け付けませんでした。
    .do = 入力し直してください。それでもだめなときは directory.bind_name を確認してください。
preflight-person-fails = エラー { $code }: { $why }
    .do = エラーコードの説明を見てください。
preflight-base-fine = directory.base_dn の下に利用者がいます。
preflight-base-empty = directory.base_dn の下に利用者が見つかりません。読み取りの権限がない場合もあります。
    .do = directory.base_dn か directory.person_filter を直すか、読み取りを許可してください。
preflight-base-fails = エラー { $code }: { $why }
    .do = directory.base_dn を直してください。
preflight-key-fails = エラー { $code }: { $why }
    .do = directory.attributes.key を設定してください。
preflight-account-state-hidden = エラー { $code }: { $why }
    .do = サービスアカウントに読み取りを許可してください。
preflight-group-fine = directory.{ $key }: { $group } があります。
preflight-group-missing = directory.{ $key }: { $group } が認証サーバーに見つかりません。読み取りの権限がない場合もあります。
    .do = 設定を直すか、グループの読み取りを許可してください。
preflight-schema-fine = 必要な属性はすべてスキーマにあります。
preflight-schema-hidden = サーバーがスキーマを公開していないため、属性は確認できませんでした。
preflight-schema-lacks = 属性 { $name } がスキーマにありません。
    .do = directory.attributes を直すか、スキーマを拡張してください。
preflight-card-attribute-none = カード番号の属性が設定されていないため、カード番号を認証サーバーに登録できません。
    .do = 登録するときは directory.attributes.card を設定してください。
preflight-card-attribute-no-text = { $name } の値は文字列でないため、カード番号を入れられません。
    .do = ほかの属性を選んでください。
preflight-card-length-fine = { $name } の長さは足ります。
preflight-card-too-long = { $name } に入るのは { $max } 文字ですが、カード番号は最大 { $needed } 文字です。
    .do = もっと長い属性を選ぶか、短いカード番号の規則にしてください。
preflight-card-values-one = { $name } の値は1つです。利用者1人にカードは1枚です。
preflight-card-values-several = { $name } は複数の値を持てます。カードを登録すると、値は1つになります。
preflight-card-index-fine = { $name } にはインデックスがあります。
preflight-card-index-missing = { $name } にインデックスがありません。カードをかざすたびに、認証サーバー全体を検索します。
    .do = 属性にインデックスを付けるか（searchFlags）、インデックスのある属性を選んでください。
preflight-card-index-unknown = { $name } にインデックスがあるかどうか、サーバーからはわかりません。
    .do = 等価インデックスがあることを確かめてください。
preflight-write-own-fine = 利用者は自分の { $card } に書き込めます。
preflight-write-own-denied = 利用者が自分の { $card } に書き込めないため、カードを登録できません（050）。
    .do = { $card } の読み取りと書き込みを SELF に許可してください。
preflight-write-own-untried = 利用者が自分の { $card } に書き込めるかどうかは試していません。
    .do = 利用者IDとパスワードを指定して確認し直してください。
preflight-read-others-fine = 利用者にほかの人の { $card } は見えません。
preflight-read-others-plain = ほかの人の { $card } を誰でも読み取れ、同じ番号のカードを作れます。書き込める人は、番号を写して同僚のカードを使えなくすることもできます（083）。
    .do = SELF とサービスアカウント以外には { $card } の読み取りを禁止し、鍵を使うカード番号（card.number=keyed、directory.keyed）を選んでください。
preflight-read-others-keyed = ほかの人の { $card } を誰でも読み取れます。番号からカードは作れませんが、書き込める人は、番号を写して同僚のカードを使えなくすることができます（083）。
    .do = SELF とサービスアカウント以外には { $card } の読み取りを禁止してください。
preflight-read-others-unknown = ほかの人の { $card } が利用者に見えるかどうかは、わかりませんでした。
    .do = カードを登録した人がいる状態で、利用者IDを指定して確認し直してください。
preflight-delete-fine = サービスアカウントは利用者の { $card } に書き込めます。管理者がカードを削除できます。
preflight-delete-denied = サービスアカウントは利用者の { $card } に書き込めません。
    .do = カードは認証サーバーのツールで削除するか、書き込みを許可してください。
preflight-never-locks = { $hidden ->
        [0] 認証サーバーはアカウントをロックしません。
       *[other] 認証サーバーはアカウントをロックしません。グループごとの規則（詳細なパスワードポリシー）は見えていない場合があります。
    }
preflight-locks-later = { $hidden ->
        [0] 認証サーバーはパスワードを { $theirs } 回間違えるとアカウントをロックします。この機器が1人につき通すのは { $ours } 回までです。
       *[other] 認証サーバーはパスワードを { $theirs } 回間違えるとアカウントをロックします。この機器が1人につき通すのは { $ours } 回までです。グループごとの規則（詳細なパスワードポリシー）は見えていない場合があります。
    }
preflight-locks-sooner = 認証サーバーはパスワードを { $theirs } 回間違えるとアカウントをロックしますが、この機器は1人につき { $ours } 回まで通します。この機器から同僚のアカウントをロックできてしまいます。
    .do = kazasu config set lock-out.user={ $set }
preflight-locks-at-once = 認証サーバーはパスワードを { $theirs } 回間違えるとアカウントをロックしますが、この機器は1人につき { $ours } 回まで通します。この機器から同僚のアカウントをロックできてしまいます。
    .do = 認証サーバーがロックするまでの回数を 2 以上にして、kazasu config set lock-out.user=1 を実行してください。
preflight-locks-unknown-domain = 認証サーバーが何回の間違いでアカウントをロックするか、読み取れませんでした。この機器は1人につき { $ours } 回まで通します。
    .do = Get-ADDefaultDomainPasswordPolicy（LockoutThreshold）か samba-tool domain passwordsettings show で調べ、それより小さい N で kazasu config set lock-out.user=N を実行してください。
preflight-locks-unknown-ldap = 認証サーバーが何回の間違いでアカウントをロックするか、読み取れませんでした。この機器は1人につき { $ours } 回まで通します。
    .do = 認証サーバーの管理者として ldapsearch '(objectClass=pwdPolicy)' pwdLockout pwdMaxFailure で調べ、それより小さい N で kazasu config set lock-out.user=N を実行してください。
preflight-names-apart = サービスアカウントがないと、どの名前が同じ利用者のものかわからず、間違えた回数を名前ごとに数えます。
    .do = 名前を複数持つ利用者がいるときは、directory.service_account を設定してください。
preflight-password-nobody = 認証サーバーのパスワードは { $shortest } 文字以上ですが、この機器の規則では { $max } 文字までです。誰も登録できません（301）。
    .do = kazasu config set password.profile=device password.min=default password.max=63
preflight-password-long = 認証サーバーのパスワードが { $max } 文字を超える利用者は登録できません（301）。
    .do = kazasu config set password.profile=device password.min=default password.max=63
preflight-password-short = 認証サーバーのパスワードが { $min } 文字より短い利用者は登録できません（301）。認証サーバーでは { $shortest } 文字から使えます。
    .do = kazasu config set password.profile=device password.min=default password.max=63
preflight-password-of-person = 指定した利用者のパスワードは、この機器のパスワードにできません（301）: { $rule }
    .do = password.profile、password.min、password.max を、利用者のパスワードに合わせてください。
preflight-ids-broken = { $count } 人の利用者ID（{ $id }）がここでは使えないため、ログインできません（122）: { $names }{ $more ->
        [0] {""}
       *[other] {" "}ほか
    }
    .do = 半角の英字、数字、記号で 1～32 文字のIDにするか、そのような値の属性を directory.attributes.user_id に設定してください。
preflight-ids-same = { $count } 人の利用者ID（{ $id }）が、大文字と小文字、全角と半角、空白を除くとほかの人と同じです: { $names }{ $more ->
        [0] {""}
       *[other] {" "}ほか
    }。この機器は同じ人として扱います。
    .do = 1人に1つずつ、別のIDにしてください。
preflight-fields-broken = { $count } 人の { $name } または { $mail } がここでは使えないため、ログインできません（301）: { $names }{ $more ->
        [0] {""}
       *[other] {" "}ほか
    }
    .do = 名前から改行などの制御文字を除き、メールアドレスは半角にしてください。
preflight-names-cut = { $count } 人の { $name } が { $max } バイトを超えています。はじめの部分だけを表示します: { $names }{ $more ->
        [0] {""}
       *[other] {" "}ほか
    }
    .do = それで困るときは、短い名前の属性を directory.attributes.name に設定してください。
preflight-cards-fine = カード番号は { $count } 件で、どれも1人だけのものです。
preflight-cards-twice = { $count } 件のカード番号が複数の人に登録されています。これらのカードは使えません（083）: { $names }{ $more ->
        [0] {""}
       *[other] {" "}ほか
    }
    .do = { $card } の同じ値は、1人だけに残してください。
preflight-cards-in-part = 登録が多いため、重複の確認は途中までです。
preflight-foreign-kept = { $card } の { $count } 件の値は、規則 { $rule } で作られるカード番号ではありません。値はそのまま残り、この人たちはカードを登録できません（065）: { $names }{ $more ->
        [0] {""}
       *[other] {" "}ほか
    }
    .do = 使われていない属性を選ぶか、以前の規則の番号であれば消してください。directory.replace を anything にすると上書きします。
preflight-foreign-lost = { $card } の { $count } 件の値は、規則 { $rule } で作られるカード番号ではありません。directory.replace の設定により、この人たちがカードを登録すると失われます: { $names }{ $more ->
        [0] {""}
       *[other] {" "}ほか
    }
    .do = 必要な値であれば、使われていない属性を選んでください。
preflight-telephones = { $card } の { $count } 件の値は8桁の数字です。カード番号では珍しく、電話番号によくあります。カードを登録すると置き換えられます: { $names }{ $more ->
        [0] {""}
       *[other] {" "}ほか
    }
    .do = 値を確かめてください。カード番号でなければ、使われていない属性を選んでください。

# パネルの日本語。何が起きたかを一文、どうすればよいかを一文。番号は別に示す。

language-name = 日本語
panel-title = カードの登録
code-label = 番号

idle-left = 左の読み取り機にカードをかざしてください
idle-right = 右の読み取り機にカードをかざしてください
idle-below = 下の読み取り機にカードをかざしてください
idle-hint = はじめてのカードは、ここで登録できます。
idle-panel = 利用者IDを入力してお使いください
idle-panel-hint = ここではカードは使いません。
idle-free = この機器は、そのままお使いになれます
idle-free-hint = 利用者IDもカードも要りません。
idle-paid = お使いになれます
idle-paid-hint = 料金が入っているので、利用者IDもカードも要りません。
sign-in-without-card = カードなしで始める
administrators = 管理者の方
special-key = 保守担当者用
reader-missing = 読み取り機がつながっていません
reader-missing-hint = つながると、この画面は自動で元に戻ります。戻らないときは、この機器の担当者に知らせてください。

reading = カードを読み取っています
reading-hint = カードは離してかまいません。

ask-who = どなたがお使いになりますか
as-user = 利用者
as-guest = 来訪者
as-administrator = 管理者

sign-in = 始める
sign-in-user = 利用者IDを入力してください
sign-in-guest = 来訪者として始めます
sign-in-administrator = 管理者として始めます
administrator-id = 管理者ID
ask-password = あなたのパスワードを入力してください
engineer-password = 保守担当者のパスワードを入力してください

new-password = このカードのパスワードを決めてください
new-password-hint = 登録が済むまで、このカードを使うときに必要です。
password-again = パスワード（もう一度）
password-again-rule = 打ち間違いを防ぎます
passwords-differ = 二つのパスワードが違っています。
set-password = このパスワードにする

provisional = このカードは、まだ誰のものでもありません
provisional-hint = あなたのカードとして登録しますか。あなたの利用者IDとパスワードが必要です。
provisional-closed = ここでは登録できません。この機器の担当者に尋ねてください。
provisional-register = このカードを登録する
sign-out = 終わる

register = あなたのカードとして登録します
source = どの名簿で確かめますか
source-device = この機器の名簿
source-directory = 組織の名簿
user-id = 利用者ID
password = パスワード
rule-signs = 半角の英数字と記号
rule-signs-from-to = 半角の英数字と記号で、{ $min }～{ $max } 文字
rule-signs-up-to = 半角の英数字と記号で、{ $max } 文字まで
rule-free-up-to = 半角なら { $max } 文字、全角ならおよそ { $wide } 文字まで
submit = 登録する
cancel = やめる
show-password = 押す間だけ表示
keyboard = 文字盤
key-shift = 大文字
key-symbols = 記号
key-space = 空白
key-backspace = 一文字消す
keyboard-close = 閉じる
key-enter = 次へ

checking = ご本人かどうかを確かめています
checking-hint = 少し時間がかかることがあります。

confirm-replace = 別のカードがすでに登録されています
confirm-replace-hint = このカードに替えると、今までのカードはすぐに使えなくなります。
confirm-yes = このカードに替える
confirm-no = 今までのカードのまま

saving = 保存しています
saving-hint = すぐに終わります。

signed-in = 利用を始められます
signed-in-hint = 機器をお使いください。使い終わったら「終わる」を押してください。
saved = 登録内容を保存しました
sign-in-instead = 利用者IDを入力して始め直す
edit-own = 自分の登録内容

own-record = あなたの登録内容
name = 名前
mail = メールアドレス
change-password = パスワードを変える
current-password = 今のパスワード
new-own-password = 新しいパスワード
save = 保存する
reset = 元に戻す
back = 戻る
unlink = カードの登録を消す
unlink-sure = 消すと、あなたのカードはすぐに使えなくなります。また使うには、登録し直してください。
unlink-yes = 登録を消す
unlink-no = 消さずにやめる

guest = 来訪者として利用を始められます
administrator = 管理者として利用を始められます
administrator-jobs = 機器もお使いになれます。使い終わったら「終わる」を押してください。
administrator-no-jobs = 機器も使うときは、カードをかざしてください。使い終わったら「終わる」を押してください。
engineer = 保守の作業を始められます
engineer-hint = ほかの人が使う前に、必ず「保守を終わる」を押してください。
engineer-leave = 保守を終わる

registered = カードを登録しました
registered-hint = 使うときは、もう一度カードをかざしてください。
unlinked = カードの登録を消しました
unlinked-hint = また使うときは、カードをかざして登録し直してください。
close = 閉じる

clears-soon = まもなくこの画面を閉じます。続けるときは画面に触れてください。
lost = 登録の受け付けが止まっています
lost-hint = しばらくお待ちください。自動で元に戻ります。戻らないときは、この機器の担当者に知らせてください。

wait-second = 1秒待ってから、やり直してください。
wait-seconds = { $count }秒待ってから、やり直してください。
wait-minutes = { $count }分待ってから、やり直してください。
wait-hours = { $count }時間待ってから、やり直してください。

rule-length-characters = { $min }～{ $max } 文字で入力してください。
rule-length-bytes = 長すぎます。半角なら { $max } 文字、全角ならおよそ { $wide } 文字までです。
rule-printable-ascii = 半角の英数字と記号だけが使えます。
rule-only-spaces = 空白だけでは登録できません。
rule-blanks = 最初と最後の空白を取り除いてください。
rule-first-character = この記号では始められません：{ $sign }
rule-forbidden = この記号は使えません：{ $sign }
rule-classes = 英字・数字・記号をすべて使ってください。
rule-common = 推測されやすいパスワードです。自分だけのもっと長いものにしてください。
rule-own-words = 利用者ID、名前、「Kazasu」は数えません。ほかに { $least } 文字以上を使ってください。
rule-reserved = このIDは別の用途に取ってあります。
rule-taken = ほかの人がすでに使っています。

refused-title = この画面を開くには専用のリンクが必要です
refused-what = この画面は、専用のリンクで登録したブラウザーでだけ開けます。
refused-do = この機器の担当者に、新しいリンクを頼んでください（コマンド kazasu panel pair で作れます）。
link-used = このリンクはもう使えません
link-used-do = リンクが使えるのは一度だけで、15分で期限が切れます。この機器の担当者に、新しいリンクを頼んでください（コマンド kazasu panel pair で作れます）。
link-full = これ以上ブラウザーを登録できません
link-full-do = この機器の担当者に、使っていない登録の取り消しを頼んでください（コマンド kazasu panel list と kazasu panel revoke）。
refused-again = もう一度開く
not-found = この画面はありません
not-found-do = 宛先にある設置場所の名前を確かめてください。
full = ただいま混み合っています
full-do = 空きができしだい開けます。10秒ほどたってから、もう一度開いてください。
refused-method = この操作は受け付けていません
refused-method-do = 画面のボタンから操作してください。
refused-late = 時間がかかりすぎたため、受け付けを打ち切りました
refused-late-do = もう一度操作してください。続くときは、この機器の担当者に知らせてください。
refused-large = 送られた内容が大きすぎます
refused-large-do = 入力を短くして、もう一度操作してください。
refused-form = 送られた内容を読み取れませんでした
refused-form-do = 画面を開き直して、もう一度入力してください。
refused-service = この機器の内部で問題が起きました
refused-service-do = しばらくしてから、もう一度操作してください。続くときは、この機器の担当者に知らせてください。

sim-label = 読み取り機の模擬
sim-card-a = カードAをかざす
sim-card-b = カードBをかざす
sim-card-random = 番号が変わるカードをかざす
sim-take = 離す

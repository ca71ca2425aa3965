# パネルの日本語。何が起きたかを一文、どうすればよいかを一文。番号は別に示す。

language-name = 日本語
panel-title = カードの登録
code-label = 番号

idle-left = 左の読み取り機にカードをかざしてください
idle-right = 右の読み取り機にカードをかざしてください
idle-below = 下の読み取り機にカードをかざしてください
idle-hint = はじめてのカードは、ここで登録できます。
reader-missing = 読み取り機がつながっていません
reader-missing-hint = つながると、この画面は自動で元に戻ります。戻らないときは、この機器の担当者に知らせてください。

reading = カードを読み取っています
reading-hint = カードは離してかまいません。

provisional = このカードは、まだ誰のものでもありません
provisional-hint = あなたのカードとして登録しますか。あなたの利用者IDとパスワードが必要です。
provisional-register = このカードを登録する
sign-out = 終わる

register = あなたのカードとして登録します
user-id = 利用者ID
user-id-rule = 半角の英数字と記号で、{ $min }～{ $max } 文字
password = パスワード
password-rule = 半角の英数字と記号
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

checking = 利用者IDとパスワードを確かめています
checking-device = この機器の利用者名簿に問い合わせています。

confirm-replace = 別のカードがすでに登録されています
confirm-replace-hint = このカードに替えると、今までのカードはすぐに使えなくなります。
confirm-yes = このカードに替える
confirm-no = 今までのカードのまま

saving = カードを登録しています
saving-hint = すぐに終わります。

signed-in = 利用を始められます
signed-in-hint = 機器をお使いください。使い終わったら「終わる」を押してください。

registered = カードを登録しました
registered-hint = 使うときは、もう一度カードをかざしてください。
close = 閉じる

clears-soon = まもなくこの画面を閉じます。続けるときは画面に触れてください。
lost = 登録の受け付けが止まっています
lost-hint = しばらくお待ちください。自動で元に戻ります。戻らないときは、この機器の担当者に知らせてください。

rule-length-characters = { $min }～{ $max } 文字で入力してください。
rule-length-bytes = 長すぎます。半角なら { $max } 文字、全角ならおよそ { $wide } 文字までです。
rule-printable-ascii = 半角の英数字と記号だけが使えます。
rule-only-spaces = 空白だけでは登録できません。
rule-first-character = この記号では始められません：{ $sign }
rule-forbidden = この記号は使えません：{ $sign }
rule-classes = 英字・数字・記号をすべて使ってください。
rule-common = 推測されやすいパスワードです。自分だけのもっと長いものにしてください。
rule-own-words = 利用者ID、名前、「Kazasu」は数えません。ほかに { $least } 文字以上を使ってください。
rule-reserved = このIDは別の用途に取ってあります。
rule-taken = ほかの人がすでに使っています。

refused-title = この画面を開くには専用の宛先が必要です
refused-what = この画面は、起動したときに表示される宛先からだけ開けます。
refused-do = その宛先で開き直すか、この機器の担当者に尋ねてください。
refused-again = もう一度開く
not-found = この画面はありません
not-found-do = 宛先にある設置場所の名前を確かめてください。

sim-label = 読み取り機の模擬
sim-card-a = カードAをかざす
sim-card-b = カードBをかざす
sim-card-random = 番号が変わるカードをかざす
sim-take = 離す

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

error-110-what = 操作がなかったので、登録を終わりました
error-110-do = 何も登録していません。もう一度カードをかざして、初めから始めてください。
error-122-what = この利用者IDは、このままでは使えません
error-122-do = 印の付いた欄を直してください。
error-201-what = 利用者IDとパスワードが合いません
error-201-do = 利用者IDを確かめ、パスワードをもう一度入力してください。
error-202-what = 登録の途中で別のカードがかざされました
error-202-do = 何も登録していません。自分のカードを一枚だけかざして、初めから始めてください。
error-301-what = 入力した内容は、このままでは使えません
error-301-do = 印の付いた欄を直してください。
error-307-what = 利用者の名簿を読み出せません
error-307-do = 一分ほど待って、やり直してください。変わらないときは、この機器の担当者に知らせてください。
error-308-what = この機器には、もう保存できません
error-308-do = 担当者に知らせてください。保存場所がいっぱいか、書き込みが禁じられています。
error-309-what = カードを保存できませんでした
error-309-do = 何も変わっていません。もう一度カードをかざしてください。また失敗するときは、担当者に知らせてください。
error-500-what = 受け付けの中で不具合が起きました
error-500-do = 登録できたかどうか、もう一度カードをかざして確かめてください。また起きるときは、担当者に知らせてください。
error-600-what = 読み取り機が動いていません
error-600-do = 読み取り機とその線を調べるよう、担当者に頼んでください。
error-702-what = このカードは、すでに登録されています
error-702-do = 譲り受けたカードなら、前の登録を消すよう、カードの管理者に頼んでください。
error-711-what = この利用者IDは登録できません
error-711-do = あなた自身の利用者IDを入力してください。
error-1002-what = すでに利用が始まっています
error-1002-do = いったん終わってから、登録するカードをかざしてください。
error-3062-what = カードがまだかざされていません
error-3062-do = 先にカードをかざしてください。そこから登録が始まります。
error-3063-what = このカードで始めた作業が、まだ終わっていません
error-3063-do = 作業が終わるまで待ってから、もう一度「登録する」を押してください。
error-3065-what = ただいま受け付けられません
error-3065-do = 少し待ってから、やり直してください。
error-K01-what = 登録できる人数がいっぱいです
error-K01-do = 担当者に知らせてください。古い登録を消すと、また登録できます。
error-K02-what = かざすたびに番号が変わるカードなので、登録できません
error-K02-do = 別のカードをお使いください。
error-K03-what = 番号が変わるかもしれない種類のカードなので、登録できません
error-K03-do = 別のカードをお使いください。
error-K04-what = カードが二枚以上かざされています
error-K04-do = 一枚だけかざしてください。ほかのカードと一緒の入れ物からは出してください。
error-K05-what = カードをもう一度読み取る必要があります
error-K05-do = 同じカードをもう一度かざしてから、「登録する」を押してください。

# The panel in English. One sentence for what happened, one for what to do; the code stands apart.

language-name = English
panel-title = Card registration
code-label = Code

idle-left = Hold your card over the reader on the left
idle-right = Hold your card over the reader on the right
idle-below = Hold your card over the reader below
idle-hint = New cards can be registered here too.
reader-missing = The card reader is not connected
reader-missing-hint = This page goes on by itself as soon as the reader is back. If it stays like this, tell the person in charge of this device.

reading = Reading your card
reading-hint = You can take the card away.

provisional = This card has no owner yet
provisional-hint = Do you want to make it your card? You need your user ID and password.
provisional-register = Register this card
sign-out = Sign out

register = Make this your card
user-id = User ID
user-id-rule = Letters, digits and signs, { $min } to { $max } of them
password = Password
password-rule = Letters, digits and signs
submit = Register
cancel = Cancel
show-password = Show while held
keyboard = Keyboard
key-shift = Shift
key-symbols = Signs
key-space = Space
key-backspace = Delete the last character
keyboard-close = Close
key-enter = Next

checking = Checking your user ID and password
checking-device = Asking the user list of this device.

confirm-replace = You already have another card
confirm-replace-hint = If you change to this card, the other one stops working at once.
confirm-yes = Change to this card
confirm-no = Keep the other card

saving = Saving your card
saving-hint = This takes only a moment.

signed-in = You are signed in
signed-in-hint = You can use the device now. Sign out when you are done.

registered = Your card is registered
registered-hint = Hold it over the reader once more to sign in.
close = Close

clears-soon = This page closes soon. Touch it to stay.
lost = This page has lost its service
lost-hint = Please wait: it comes back by itself. If it does not, tell the person in charge of this device.

rule-length-characters = Use { $min } to { $max } characters.
rule-length-bytes = This is too long: letters and digits up to { $max }, or about { $wide } Japanese characters.
rule-printable-ascii = Use half-width letters, digits and signs only.
rule-only-spaces = Spaces alone are not enough.
rule-first-character = It must not start with { $sign }
rule-forbidden = This sign cannot be used here: { $sign }
rule-classes = Use letters, digits and signs together.
rule-common = This is too easy to guess. Use something longer that is your own.
rule-own-words = Your ID, your name and "Kazasu" do not count. Use at least { $least } other characters.
rule-reserved = This ID is kept for other uses.
rule-taken = Somebody has this already.

refused-title = This page needs its link
refused-what = The panel opens only with the link that the service shows when it starts.
refused-do = Start the browser with that link, or ask the person in charge of this device for it.
refused-again = Try again
not-found = There is no such panel
not-found-do = Check the name of the station in the address.

sim-label = Simulated reader
sim-card-a = Hold card A
sim-card-b = Hold card B
sim-card-random = Hold a card with a changing number
sim-take = Take away

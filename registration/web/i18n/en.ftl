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

error-110-what = Registration ended because nobody went on
error-110-do = Nothing was registered. Hold your card again to start over.
error-122-what = This user ID cannot be used as it is
error-122-do = Correct the field that is marked.
error-201-what = User ID and password do not match
error-201-do = Check the user ID and type the password again.
error-202-what = Another card was held during registration
error-202-do = Nothing was registered. Hold your own card, and only that one, to start over.
error-301-what = What you typed cannot be used as it is
error-301-do = Correct the field that is marked.
error-307-what = The list of users cannot be read
error-307-do = Wait a minute and try again. If it stays like this, tell the person in charge of this device.
error-308-what = This device cannot store anything more
error-308-do = Tell the person in charge: the storage is full or may not be written to.
error-309-what = Your card could not be stored
error-309-do = Nothing has changed. Hold your card to try again; if it fails once more, tell the person in charge.
error-500-what = Something failed inside the service
error-500-do = Hold your card again to see whether it is registered. If this comes back, tell the person in charge.
error-600-what = The card reader is not working
error-600-do = Ask the person in charge to check the reader and its cable.
error-702-what = This card is already registered to somebody
error-702-do = If it is yours now, ask whoever manages the cards to delete the old registration first.
error-711-what = This user ID cannot be registered
error-711-do = Type the user ID that you were given for yourself.
error-1002-what = Somebody is signed in already
error-1002-do = Sign out first, then hold the card that you want to register.
error-3062-what = No card has been held yet
error-3062-do = Hold your card over the reader; registration starts from there.
error-3063-what = A job started with this card is not finished
error-3063-do = Wait until it is done, then press Register again.
error-3065-what = This cannot be done just now
error-3065-do = Wait a moment, then try again.
error-K01-what = There is no room for another user here
error-K01-do = Tell the person in charge: old registrations have to be deleted first.
error-K02-what = This card shows a new number each time, so it cannot be registered
error-K02-do = Please use another card.
error-K03-what = The number of this kind of card may change, so it cannot be registered
error-K03-do = Please use another card.
error-K04-what = There is more than one card on the reader
error-K04-do = Hold one card only. Take it out of a purse that holds others.
error-K05-what = The card has to be read once more
error-K05-do = Hold the same card over the reader again, then press Register.

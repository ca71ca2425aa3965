# The panel in English. One sentence for what happened, one for what to do; the code stands apart.

language-name = English
panel-title = Card registration
code-label = Code

idle-left = Hold your card over the reader on the left
idle-right = Hold your card over the reader on the right
idle-below = Hold your card over the reader below
idle-hint = New cards can be registered here too.
idle-panel = Sign in to use this device
idle-panel-hint = You need your user ID; cards are not used here.
idle-free = You can use this device right away
idle-free-hint = Nobody has to sign in here.
idle-paid = You can use the device now
idle-paid-hint = It is being paid for, so you do not have to sign in.
sign-in-without-card = Sign in without a card
administrators = Administrators
special-key = For service engineers
reader-missing = The card reader is not connected
reader-missing-hint = This page goes on by itself as soon as the reader is back. If it stays like this, tell the person in charge of this device.

reading = Reading your card
reading-hint = You can take the card away.

ask-who = Who wants to sign in?
as-user = A user
as-guest = A guest
as-administrator = An administrator

sign-in = Sign in
sign-in-user = Sign in with your user ID
sign-in-guest = Sign in as a guest
sign-in-administrator = Sign in as an administrator
administrator-id = Administrator ID
ask-password = Type your password
engineer-password = Type the service engineer's password

new-password = Choose a password for this new card
new-password-hint = This card needs it until it is registered.
password-again = Password again
password-again-rule = Guards against typing slips
passwords-differ = The two passwords are not the same.
set-password = Use this password

provisional = This card has no owner yet
provisional-hint = Do you want to make it your card? You need your user ID and password.
provisional-closed = It cannot be registered here. Ask the person in charge of this device.
provisional-register = Register this card
sign-out = Sign out

register = Make this your card
source = Who knows you?
source-device = This device
source-directory = My organisation
user-id = User ID
password = Password
rule-signs = Letters, digits and signs
rule-signs-from-to = Letters, digits and signs, { $min } to { $max } of them
rule-signs-up-to = Letters, digits and signs, up to { $max }
rule-free-up-to = Up to { $max } letters, about { $wide } if Japanese
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

checking = Checking that it is you
checking-hint = This may take a moment.

confirm-replace = You already have another card
confirm-replace-hint = If you change to this card, the other one stops working at once.
confirm-yes = Change to this card
confirm-no = Keep the other card

saving = Saving
saving-hint = This takes only a moment.

signed-in = You are signed in
signed-in-hint = You can use the device now. Sign out when you are done.
saved = Your details are saved
sign-in-instead = Sign in with a user ID instead
edit-own = My details

own-record = Your details
name = Name
mail = Mail address
change-password = Change your password
current-password = Your password so far
new-own-password = New password
save = Save
reset = Undo
back = Back
unlink = Delete your card
unlink-sure = Your card then stops working at once. To use it again, you have to register it anew.
unlink-yes = Delete the card
unlink-no = Keep the card

guest = You are signed in as a guest
administrator = You are signed in as the administrator
administrator-jobs = You can use the device as well. Sign out when you are done.
administrator-no-jobs = To use the device as well, hold a card over the reader. Sign out when you are done.
engineer = You are signed in for service
engineer-hint = Leave before anybody else uses the device.
engineer-leave = Leave

registered = Your card is registered
registered-hint = Hold it over the reader once more to sign in.
unlinked = Your card does not work any more
unlinked-hint = To use it again, hold it over the reader and register it.
close = Close

clears-soon = This page closes soon. Touch it to stay.
lost = This page has lost its service
lost-hint = Please wait: it comes back by itself. If it does not, tell the person in charge of this device.

wait-second = Wait a second, then try again.
wait-seconds = Wait { $count } seconds, then try again.
wait-minutes = Wait { $count } minutes, then try again.
wait-hours = Wait { $count } hours, then try again.

rule-length-characters = Use { $min } to { $max } characters.
rule-length-bytes = This is too long: letters and digits up to { $max }, or about { $wide } Japanese characters.
rule-printable-ascii = Use half-width letters, digits and signs only.
rule-only-spaces = Spaces alone are not enough.
rule-blanks = Leave out the blanks at the beginning and the end.
rule-first-character = It must not start with { $sign }
rule-forbidden = This sign cannot be used here: { $sign }
rule-classes = Use letters, digits and signs together.
rule-common = This is too easy to guess. Use something longer that is your own.
rule-own-words = Your ID, your name and "Kazasu" do not count. Use at least { $least } other characters.
rule-reserved = This ID is kept for other uses.
rule-taken = Somebody has this already.

refused-title = This page needs its link
refused-what = The panel opens only in a browser that was paired with it by a link.
refused-do = Ask the person in charge of this device for a new link (the command kazasu panel pair makes one).
link-used = This link is not good any more
link-used-do = A link is good once, and for 15 minutes. Ask the person in charge of this device for a new one (the command kazasu panel pair makes it).
link-full = No more browsers can be paired
link-full-do = Ask the person in charge of this device to end pairings that are not used (the commands kazasu panel list and kazasu panel revoke).
refused-again = Try again
not-found = There is no such panel
not-found-do = Check the name of the station in the address.
full = All places are taken just now
full-do = This page opens as soon as one is free: please try again in about ten seconds.
refused-method = That cannot be done here
refused-method-do = Please use the buttons of the page.
refused-late = This took too long and was ended
refused-late-do = Please try again. If it happens again, tell the person in charge of this device.
refused-large = What was sent is too large
refused-large-do = Please type less and try again.
refused-form = What was sent could not be read
refused-form-do = Please open the page again and type it once more.
refused-service = Something went wrong inside this device
refused-service-do = Please try again later. If it happens again, tell the person in charge of this device.

sim-label = Simulated reader
sim-card-a = Hold card A
sim-card-b = Hold card B
sim-card-random = Hold a card with a changing number
sim-take = Take away

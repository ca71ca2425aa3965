"""Fills a new domain: run once, inside the root of the servers, before its copy is kept."""

from samba.auth import system_session
from samba.dcerpc import misc, security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

lp = LoadParm()
lp.load("/mnt/dc/etc/smb.conf")
db = SamDB(url="/mnt/dc/private/sam.ldb", session_info=system_session(), lp=lp)
USERS = "CN=Users,DC=sim,DC=test"
# Lets the time of the last password change be written.
CHANGE_REPLICATED = ["local_oid:1.3.6.1.4.1.7165.4.3.12:0"]


def change(dn, controls=(), **attributes):
    lines = [f"dn: {dn}", "changetype: modify"]
    for name, value in attributes.items():
        name = name.replace("_", "-")
        lines += [f"replace: {name}", f"{name}: {value}", "-"]
    db.modify_ldif("\n".join(lines) + "\n", list(controls))


def person(name, change_at_first=False, controls=(), **attributes):
    db.newuser(name, f"pass of {name}", force_password_change_at_next_login_req=change_at_first)
    if attributes:
        change(f"CN={name},{USERS}", controls, **attributes)


db.set_minPwdAge("0")
db.set_maxPwdAge(str(-42 * 24 * 3600 * 10**7))
db.set_minPwdLength("1")
db.set_pwdProperties("0")
change("DC=sim,DC=test", lockoutThreshold=3)

person("kazasu")
person("alice", mail="alice@sim.test", displayName="Alice A")
person("bob", pager="012E4CE1000000A1")
person("carol", pager="+81 3 0000 0000")
person("twin1", pager="012E4CE1000000B1")
person("twin2", pager="012E4CE1000000B1")
person("dora", userPrincipalName="other@sim.test")
# Called by another suffix what another person's account is called.
person("outside", userPrincipalName="alice@other.test")
person("away")
person("locked")
# Their cards work until the account does not.
person("disabled", pager="012E4CE1000000C1", userAccountControl=514)
person("gone", pager="012E4CE1000000C2", accountExpires=132000000000000000)
person("old", False, CHANGE_REPLICATED, pager="012E4CE1000000C3",
       pwdLastSet=132000000000000000)
person("initial", True)
person("elsewhere", userWorkstations="OTHER")
person("night")
db.modify_ldif(
    f"dn: CN=night,{USERS}\nchangetype: modify\nreplace: logonHours\nlogonHours:: {'A' * 28}\n"
)

for group in ["devices", "staff", "admins", "accounting"]:
    db.newgroup(group)
db.add_remove_group_members("staff", ["alice", "dora"], add_members_operation=True)
# A group within the group.
db.add_remove_group_members("devices", ["staff", "bob"], add_members_operation=True)
db.add_remove_group_members("admins", ["alice"], add_members_operation=True)
db.add_remove_group_members("accounting", ["bob"], add_members_operation=True)

# Those who are not where people are looked for.
db.add({"dn": "OU=Elsewhere,DC=sim,DC=test", "objectClass": "organizationalUnit"})
for name in ["outside", "away"]:
    db.rename(f"CN={name},{USERS}", f"CN={name},OU=Elsewhere,DC=sim,DC=test")

def schema_guid(name):
    schema = "CN=Schema,CN=Configuration,DC=sim,DC=test"
    found = db.search(schema, expression=f"lDAPDisplayName={name}", attrs=["schemaIDGUID"])
    return str(ndr_unpack(misc.GUID, found[0]["schemaIDGUID"][0]))


# The service account may write everybody's pager, and people their own employeeID, which holds 16
# characters.
found = db.search(f"CN=kazasu,{USERS}", attrs=["objectSid"])
sid = str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))
user = schema_guid("user")
SDUtils(db).dacl_add_ace(USERS, f"(OA;CIIO;WP;{schema_guid('pager')};{user};{sid})")
SDUtils(db).dacl_add_ace(USERS, f"(OA;CIIO;WP;{schema_guid('employeeID')};{user};PS)")

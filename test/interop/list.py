"""Every user of a tenant by Duo's own Python client: list.py SCHEME HOST:PORT, keys in the environment."""
import hashlib
import os
import sys

import duo_client

schemes = {
    "v2-sha1": {"sig_version": 2, "digestmod": hashlib.sha1},
    "v2-sha512": {"sig_version": 2, "digestmod": hashlib.sha512},
    "v5-sha512": {"sig_version": 5},
}
scheme, address = sys.argv[1:]
host, port = address.split(":")
# ca_certs="HTTP" is the client's own way to speak plain HTTP.
admin = duo_client.Admin(os.environ["IKEY"], os.environ["SKEY"], host, ca_certs="HTTP", port=int(port), **schemes[scheme])
users = admin.get_users()
assert admin.get_user_by_id(users[0]["user_id"]) == users[0]
assert admin.get_users_by_name("\u00e9 ~!'()*+&=/ \U0001f98a") == []
print(len({user["user_id"] for user in users}))

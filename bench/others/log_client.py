"""Duo's own client for Python and a lean loop around it: the logins of each day become tuples and a Parquet file. It counts
nothing and removes no duplicates.

log_client.py HOST DIRECTORY FROM TO
"""

import gc
import json
import os
import resource
import sys
from datetime import datetime

import duo_client
import pyarrow as pa
import pyarrow.parquet as pq

DAY = 86_400_000
TEXT, BOOL, TIME = pa.string(), pa.bool_(), pa.timestamp("us", tz="UTC")
COLUMNS = (
    "txid occurred_at event_type result reason factor user_id username user_groups email alias application_id"
    " application_name auth_device_id auth_device_name auth_device_ip auth_device_city auth_device_state"
    " auth_device_country access_device_ip access_device_hostname access_device_epkey access_device_city"
    " access_device_state access_device_country browser browser_version os os_version is_encrypted is_firewalled"
    " has_password trusted_endpoint_status out_of_date_software"
).split()
TYPES = {"occurred_at": TIME, "is_encrypted": BOOL, "is_firewalled": BOOL, "has_password": BOOL}
SCHEMA = pa.schema([(name, TYPES.get(name, TEXT)) for name in COLUMNS])
KNOWN = {True: True, False: False}
NONE = {}


def row(entry):
    get = entry.get
    iso = get("isotimestamp")
    at = datetime.fromisoformat(iso) if iso else datetime.fromtimestamp(get("timestamp"), tz=None).astimezone()
    user, application = get("user") or NONE, get("application") or NONE
    auth, access = get("auth_device") or NONE, get("access_device") or NONE
    there, here = auth.get("location") or NONE, access.get("location") or NONE
    return (
        entry["txid"], at, get("event_type"), get("result"), get("reason"), get("factor"), user.get("key"),
        user.get("name"), ", ".join(sorted(user.get("groups") or ())) or None, get("email") or None, get("alias") or None,
        application.get("key"), application.get("name"), auth.get("key"), auth.get("name"), auth.get("ip"),
        there.get("city"), there.get("state"), there.get("country"), access.get("ip"), access.get("hostname"),
        access.get("epkey"), here.get("city"), here.get("state"), here.get("country"), access.get("browser"),
        access.get("browser_version"), access.get("os"), access.get("os_version"),
        KNOWN.get(access.get("is_encryption_enabled")), KNOWN.get(access.get("is_firewall_enabled")),
        KNOWN.get(access.get("is_password_set")), get("trusted_endpoint_status"), get("ood_software"),
    )


def main(host, directory, start, end):
    name, port = host.split(":")
    admin = duo_client.Admin("DIBENCH", "b" * 40, name, port=int(port), ca_certs="HTTP")
    count = 0
    for day in range(int(start), int(end), DAY):
        rows, offset = [], None
        while True:
            options = {"next_offset": offset} if offset else {}
            answer = admin.get_authentication_log(
                api_version=2, mintime=day, maxtime=day + DAY - 1, limit="1000", sort="ts:asc", **options
            )
            rows.extend(map(row, answer["authlogs"]))
            offset = answer["metadata"]["next_offset"]
            if not offset:
                break
        table = pa.Table.from_arrays([pa.array(cells, type) for cells, type in zip(zip(*rows), SCHEMA.types)], schema=SCHEMA)
        pq.write_table(table, f"{directory}/{day}.parquet", compression="zstd")
        count += len(rows)
    print(json.dumps({"logins": count}))


if __name__ == "__main__":
    gc.disable()  # there are no cycles
    main(*sys.argv[1:])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    if "DUO_BENCH_USAGE" in os.environ:
        with open(os.environ["DUO_BENCH_USAGE"], "a") as file:
            user, system = int(usage.ru_utime * 1e6), int(usage.ru_stime * 1e6)
            file.write(json.dumps({"userCPUTime": user, "systemCPUTime": system, "maxRSS": usage.ru_maxrss}) + "\n")

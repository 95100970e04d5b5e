"""Duo's own client for Python, and a loop around it: users become columns, batch by batch, which Arrow hands to DuckDB.

python_client.py HOST DIRECTORY
"""

import json
import os
import resource
import sys
import time
import uuid
from datetime import datetime, timezone

import duckdb
import duo_client
import pyarrow as pa

TEXT, BOOL, INT, TIME = pa.string(), pa.bool_(), pa.int64(), pa.timestamp("us", tz="UTC")
RUN = {"run_id": TEXT, "observed_at": TIME, "user_id": TEXT}
TABLES = {
    "users": RUN
    | dict.fromkeys(("username", "email", "realname", "firstname", "lastname", "status"), TEXT)
    | {"is_enrolled": BOOL, "created_at": TIME, "last_login_at": TIME, "last_directory_sync_at": TIME}
    | dict.fromkeys(("directory_key", "external_id", "lockout_reason", "notes", "aliases", "group_names"), TEXT)
    | dict.fromkeys(("phone_count", "token_count", "webauthn_count", "u2f_count", "desktop_count", "method_count"), INT)
    | {"mfa_enabled": BOOL, "has_phishing_resistant": BOOL, "strongest": TEXT, "weakest": TEXT}
    | {"only_telephony": BOOL, "is_bypass": BOOL, "bypass_reason": TEXT, "is_active": BOOL},
    "mfa_methods": RUN
    | dict.fromkeys(("username", "email", "realname", "user_status", "method_kind", "method_id", "method_type"), TEXT)
    | dict.fromkeys(("name", "label", "platform", "model", "number", "extension", "serial"), TEXT)
    | {"activated": BOOL, "capabilities": TEXT}
    | dict.fromkeys(("can_push", "can_otp", "can_sms", "can_call"), BOOL)
    | {"strength": TEXT, "strength_rank": INT, "enrolled_at": TIME, "last_seen_at": TIME}
    | dict.fromkeys(("app_version", "os_version", "encrypted", "fingerprint", "screenlock", "tampered"), TEXT)
    | {"sms_passcodes_sent": BOOL, "totp_step": INT},
    "user_groups": RUN | dict.fromkeys(("username", "group_id", "group_name", "group_status"), TEXT),
    "bypass_codes": RUN
    | dict.fromkeys(("username", "bypass_code_id", "admin_email"), TEXT)
    | {"created_at": TIME, "expires_at": TIME, "reuse_count": INT},
}
SCHEMAS = {name: pa.schema(columns.items()) for name, columns in TABLES.items()}
STRENGTHS = ("none", "telephony", "otp", "push", "device_bound", "phishing_resistant")
BATCH = 20_000


def micros(seconds):
    return None if seconds is None else seconds * 1_000_000


def micros_of_text(text):
    if not text:
        return None
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * 1_000_000


def joined(texts):
    return ", ".join(sorted({text for text in texts if text})) or None


def phone_row(phone):
    capabilities = phone.get("capabilities") or ()
    activated = phone.get("activated")
    push = bool(activated) and "push" in capabilities
    otp = bool(activated) and "mobile_otp" in capabilities
    sms, call = "sms" in capabilities, "phone" in capabilities
    return {
        "method_kind": "phone",
        "method_id": phone["phone_id"],
        "method_type": phone.get("type") or None,
        "name": phone.get("name") or None,
        "platform": phone.get("platform") or None,
        "model": phone.get("model") or None,
        "number": phone.get("number") or None,
        "extension": phone.get("extension") or None,
        "activated": activated,
        "capabilities": joined(capabilities),
        "can_push": push,
        "can_otp": otp,
        "can_sms": sms,
        "can_call": call,
        "strength_rank": 3 if push else 2 if otp else 1 if sms or call else 0,
        "last_seen_at": micros_of_text(phone.get("last_seen")),
        "app_version": phone.get("app_version") or None,
        "os_version": phone.get("os_version") or None,
        "encrypted": phone.get("encrypted") or None,
        "fingerprint": phone.get("fingerprint") or None,
        "screenlock": phone.get("screenlock") or None,
        "tampered": phone.get("tampered") or None,
        "sms_passcodes_sent": phone.get("sms_passcodes_sent"),
    }


def method_rows(user):
    for phone in user.get("phones") or ():
        yield phone_row(phone)
    for token in user.get("tokens") or ():
        yield {
            "method_kind": "token",
            "method_id": token["token_id"],
            "method_type": token.get("type") or None,
            "serial": token.get("serial") or None,
            "can_otp": True,
            "totp_step": token.get("totp_step"),
            "strength_rank": 2,
        }
    for credential in user.get("webauthncredentials") or ():
        yield {
            "method_kind": "webauthn",
            "method_id": credential["webauthnkey"],
            "name": credential.get("credential_name") or None,
            "label": credential.get("label") or None,
            "enrolled_at": micros(credential.get("date_added")),
            "strength_rank": 5,
        }
    for token in user.get("u2ftokens") or ():
        yield {
            "method_kind": "u2f",
            "method_id": token["registration_id"],
            "enrolled_at": micros(token.get("date_added")),
            "strength_rank": 5,
        }
    for desktop in user.get("desktop_authenticators") or ():
        yield {
            "method_kind": "desktop",
            "method_id": desktop.get("dakey") or str(desktop["daid"]),
            "name": desktop.get("device_name") or None,
            "platform": desktop.get("os_family") or None,
            "app_version": desktop.get("duo_desktop_version") or None,
            "strength_rank": 4,
        }
    for token in user.get("desktoptokens") or ():
        yield {
            "method_kind": "desktop",
            "method_id": token["desktoptoken_id"],
            "method_type": token.get("type") or None,
            "name": token.get("name") or None,
            "platform": token.get("platform") or None,
            "strength_rank": 4,
        }


class Batches:
    """The columns of every table, handed to DuckDB when there are enough of them."""

    def __init__(self, connection, run):
        self.connection = connection
        self.run = run
        self.columns = {name: {column: [] for column in columns} for name, columns in TABLES.items()}
        for name, schema in SCHEMAS.items():
            connection.register("batch", schema.empty_table())
            connection.execute(f"CREATE TABLE {name} AS FROM batch")

    def add(self, table, row):
        for column, values in self.columns[table].items():
            values.append(row.get(column))
        if len(values) >= BATCH:
            self.flush(table)

    def flush(self, table):
        columns = self.columns[table]
        rows = len(columns["user_id"])
        for name, value in self.run.items():
            columns[name] = [value] * rows
        self.connection.register("batch", pa.Table.from_pydict(columns, schema=SCHEMAS[table]))
        self.connection.execute(f"INSERT INTO {table} FROM batch")
        self.columns[table] = {column: [] for column in columns}


def add_user(batches, user, coded):
    user_id, username = user["user_id"], user.get("username") or None
    shared = {
        "user_id": user_id,
        "username": username,
        "email": user.get("email") or None,
        "realname": user.get("realname") or None,
    }
    ranks = []
    counts = dict.fromkeys(("phone", "token", "webauthn", "u2f", "desktop"), 0)
    for method in method_rows(user):
        rank = method["strength_rank"]
        ranks.append(rank)
        counts[method["method_kind"]] += 1
        for use in ("can_push", "can_otp", "can_sms", "can_call"):
            method.setdefault(use, False)
        batches.add(
            "mfa_methods",
            method | shared | {"user_status": user.get("status") or None, "strength": STRENGTHS[rank]},
        )
    groups = user.get("groups") or ()
    for group in groups:
        batches.add(
            "user_groups",
            {
                "user_id": user_id,
                "username": username,
                "group_id": group["group_id"],
                "group_name": group.get("name") or None,
                "group_status": group.get("status") or None,
            },
        )
    best = max(ranks, default=0)
    reasons = []
    status = (user.get("status") or "").lower()
    is_out = status in ("disabled", "locked out", "pending deletion") or any(
        (group.get("status") or "").lower() == "disabled" for group in groups
    )
    if status == "bypass":
        reasons.append("status")
    if any((group.get("status") or "").lower() == "bypass" for group in groups):
        reasons.append("group")
    if user_id in coded:
        reasons.append("code")
    if is_out:
        reasons = []
    flat = (user.get(f"alias{n}") for n in range(1, 5))
    batches.add(
        "users",
        shared
        | {
            "firstname": user.get("firstname") or None,
            "lastname": user.get("lastname") or None,
            "status": user.get("status") or None,
            "is_enrolled": user.get("is_enrolled"),
            "created_at": micros(user.get("created")),
            "last_login_at": micros(user.get("last_login")),
            "last_directory_sync_at": micros(user.get("last_directory_sync")),
            "directory_key": user.get("directory_key") or None,
            "external_id": user.get("external_id") or None,
            "lockout_reason": user.get("lockout_reason") or None,
            "notes": user.get("notes") or None,
            "aliases": joined([*(user.get("aliases") or {}).values(), *flat]),
            "group_names": joined(group.get("name") for group in groups),
            **{f"{kind}_count": count for kind, count in counts.items()},
            "method_count": len(ranks),
            "mfa_enabled": bool(user.get("phones") or user.get("tokens") or user.get("webauthncredentials")),
            "has_phishing_resistant": best == 5,
            "strongest": STRENGTHS[best],
            "weakest": STRENGTHS[min(ranks, default=0)],
            "only_telephony": best == 1,
            "is_bypass": bool(reasons),
            "bypass_reason": ", ".join(reasons) or None,
            "is_active": status == "active" and not is_out,
        },
    )


def main(address, directory):
    host, port = address.split(":")
    # plain http is the client's own option; 300 is the most that Duo gives a page of this endpoint
    admin = duo_client.Admin("DIBENCH", "b" * 40, host, port=int(port), ca_certs="HTTP", paging_limit=300)
    connection = duckdb.connect(f"{directory}/other.duckdb")
    connection.execute("SET TimeZone = 'UTC'")
    now = time.time()
    batches = Batches(connection, {"run_id": str(uuid.uuid4()), "observed_at": int(now * 1_000_000)})
    coded = set()
    for code in admin.get_bypass_codes_generator():
        owner, expiration = code["user"], code.get("expiration")
        if expiration is None or expiration > now:
            coded.add(owner["user_id"])
        batches.add(
            "bypass_codes",
            {
                "user_id": owner["user_id"],
                "username": owner.get("username") or None,
                "bypass_code_id": code["bypass_code_id"],
                "admin_email": code.get("admin_email") or None,
                "created_at": micros(code.get("created")),
                "expires_at": micros(expiration),
                "reuse_count": code.get("reuse_count"),
            },
        )
    for user in admin.get_users_iterator():
        add_user(batches, user, coded)
    for table in TABLES:
        batches.flush(table)
        connection.execute(f"COPY {table} TO '{directory}/{table}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    connection.close()


if __name__ == "__main__":
    began = time.monotonic()
    main(*sys.argv[1:])
    print(json.dumps({"engine": time.monotonic() - began}))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    if "DUO_BENCH_USAGE" in os.environ:
        with open(os.environ["DUO_BENCH_USAGE"], "a") as file:
            user, system = int(usage.ru_utime * 1e6), int(usage.ru_stime * 1e6)
            file.write(json.dumps({"userCPUTime": user, "systemCPUTime": system, "maxRSS": usage.ru_maxrss}) + "\n")

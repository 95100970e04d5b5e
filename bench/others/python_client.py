"""Duo's own client for Python and a lean loop around it: users become tuples, a list of tuples becomes an Arrow table,
and DuckDB takes that.

python_client.py HOST DIRECTORY
"""

import gc
import json
import os
import resource
import sys
import time
import uuid

import duckdb
import duo_client
import pyarrow as pa

TEXT, BOOL, INT, TIME = pa.string(), pa.bool_(), pa.int64(), pa.timestamp("s", tz="UTC")


def of(kind, names):
    return dict.fromkeys(names.split(), kind)


# The columns of each table's tuples, in order.
TABLES = {
    "users": of(TEXT, "user_id username email realname firstname lastname status")
    | of(BOOL, "is_enrolled")
    | of(TIME, "created_at last_login_at last_directory_sync_at")
    | of(TEXT, "directory_key external_id lockout_reason notes aliases group_names")
    | of(INT, "phone_count token_count webauthn_count u2f_count desktop_count method_count")
    | of(BOOL, "mfa_enabled has_phishing_resistant")
    | of(TEXT, "strongest weakest")
    | of(BOOL, "only_telephony is_bypass")
    | of(TEXT, "bypass_reason")
    | of(BOOL, "is_active"),
    "mfa_methods": of(TEXT, "user_id username email realname user_status method_kind method_id method_type name label")
    | of(TEXT, "platform model number extension serial")
    | of(BOOL, "activated")
    | of(TEXT, "capabilities")
    | of(BOOL, "can_push can_otp can_sms can_call")
    | of(TEXT, "strength")
    | of(INT, "strength_rank")
    | of(TIME, "enrolled_at")
    | of(TEXT, "last_seen_at app_version os_version encrypted fingerprint screenlock tampered")
    | of(BOOL, "sms_passcodes_sent")
    | of(INT, "totp_step"),
    "user_groups": of(TEXT, "user_id username group_id group_name group_status"),
    "bypass_codes": of(TEXT, "user_id username bypass_code_id admin_email")
    | of(TIME, "created_at expires_at")
    | of(INT, "reuse_count"),
}
SCHEMAS = {name: pa.schema(columns.items()) for name, columns in TABLES.items()}
# Duo gives one time as a text.
CAST = {"mfa_methods": "REPLACE (last_seen_at::TIMESTAMP::TIMESTAMPTZ AS last_seen_at)"}
STRENGTHS = ("none", "telephony", "otp", "push", "device_bound", "phishing_resistant")
OUT = {"disabled", "locked out", "pending deletion"}
USERS_A_BATCH = 20_000


def joined(texts):
    return ", ".join(sorted({text for text in texts if text})) or None


# Many phones have the same capabilities, so the uses that follow from them are computed once.
USES = {}


def uses_of(capabilities, activated):
    push = bool(activated) and "push" in capabilities
    otp = bool(activated) and "mobile_otp" in capabilities
    sms, call = "sms" in capabilities, "phone" in capabilities
    rank = 3 if push else 2 if otp else 1 if sms or call else 0
    return rank, (activated, joined(capabilities), push, otp, sms, call, STRENGTHS[rank], rank, None)


def phone_row(phone, who):
    get = phone.get
    activated, capabilities = get("activated"), tuple(get("capabilities") or ())
    key = activated, capabilities
    uses = USES.get(key)
    if uses is None:
        uses = USES[key] = uses_of(capabilities, activated)
    row = (
        *who, "phone", phone["phone_id"], get("type") or None, get("name") or None, None, get("platform") or None,
        get("model") or None, get("number") or None, get("extension") or None, None, *uses[1],
        get("last_seen") or None, get("app_version") or None, get("os_version") or None, get("encrypted") or None,
        get("fingerprint") or None, get("screenlock") or None, get("tampered") or None, get("sms_passcodes_sent"), None,
    )
    return uses[0], row


def plain_row(who, rank, kind, method_id, type=None, name=None, label=None, platform=None, serial=None, enrolled_at=None,
              app_version=None, totp_step=None):
    return (
        *who, kind, method_id, type or None, name or None, label or None, platform or None, None, None, None,
        serial or None, None, None, False, rank == 2, False, False, STRENGTHS[rank], rank, enrolled_at,
        None, app_version or None, None, None, None, None, None, None, totp_step,
    )


def add_user(user, coded, users, methods, groups):
    get = user.get
    user_id, status = user["user_id"], get("status") or None
    who = user_id, get("username") or None, get("email") or None, get("realname") or None
    owner = *who, status
    phones, tokens, keys = get("phones") or (), get("tokens") or (), get("webauthncredentials") or ()
    u2f, desktops, apps = get("u2ftokens") or (), get("desktop_authenticators") or (), get("desktoptokens") or ()
    ranks = set()
    for phone in phones:
        rank, row = phone_row(phone, owner)
        ranks.add(rank)
        methods.append(row)
    for token in tokens:
        ranks.add(2)
        methods.append(plain_row(owner, 2, "token", token["token_id"], token.get("type"), serial=token.get("serial"),
                                 totp_step=token.get("totp_step")))
    for key in keys:
        ranks.add(5)
        methods.append(plain_row(owner, 5, "webauthn", key["webauthnkey"], name=key.get("credential_name"),
                                 label=key.get("label"), enrolled_at=key.get("date_added")))
    for token in u2f:
        ranks.add(5)
        methods.append(plain_row(owner, 5, "u2f", token["registration_id"], enrolled_at=token.get("date_added")))
    for desktop in desktops:
        ranks.add(4)
        methods.append(plain_row(owner, 4, "desktop", desktop.get("dakey") or str(desktop["daid"]),
                                 name=desktop.get("device_name"), platform=desktop.get("os_family"),
                                 app_version=desktop.get("duo_desktop_version")))
    for app in apps:
        ranks.add(4)
        methods.append(plain_row(owner, 4, "desktop", app["desktoptoken_id"], app.get("type"), app.get("name"),
                                 platform=app.get("platform")))

    is_out, in_bypass, names = status is not None and status.lower() in OUT, False, None
    member_of = get("groups")
    if member_of:
        names = joined([group.get("name") for group in member_of])
        for group in member_of:
            group_status = group.get("status") or None
            groups.append((user_id, who[1], group["group_id"], group.get("name") or None, group_status))
            if group_status is not None:
                lower = group_status.lower()
                is_out = is_out or lower == "disabled"
                in_bypass = in_bypass or lower == "bypass"
    lower = status.lower() if status is not None else None
    reasons = [] if is_out else [
        reason
        for reason, applies in (("status", lower == "bypass"), ("group", in_bypass), ("code", user_id in coded))
        if applies
    ]
    best, worst = (max(ranks), min(ranks)) if ranks else (0, 0)
    counts = len(phones), len(tokens), len(keys), len(u2f), len(desktops) + len(apps)
    users.append((
        *who, get("firstname") or None, get("lastname") or None, status, get("is_enrolled"),
        get("created"), get("last_login"), get("last_directory_sync"),
        get("directory_key") or None, get("external_id") or None, get("lockout_reason") or None, get("notes") or None,
        joined([*(get("aliases") or {}).values(), get("alias1"), get("alias2"), get("alias3"), get("alias4")]), names,
        *counts, sum(counts), bool(phones or tokens or keys), best == 5, STRENGTHS[best], STRENGTHS[worst],
        best == 1, bool(reasons), ", ".join(reasons) or None, lower == "active" and not is_out,
    ))


def main(address, directory):
    host, port = address.split(":")
    # plain http is the client's own option; Duo's largest page of this endpoint has 300 objects
    admin = duo_client.Admin("DIBENCH", "b" * 40, host, port=int(port), ca_certs="HTTP", paging_limit=300)
    now = time.time()
    rows = {name: [] for name in TABLES}
    batches = {name: [] for name in TABLES}

    def flush():
        for name, columns in TABLES.items():
            if rows[name]:
                arrays = [pa.array(cells, kind) for cells, kind in zip(zip(*rows[name]), columns.values())]
                batches[name].append(pa.RecordBatch.from_arrays(arrays, schema=SCHEMAS[name]))
                rows[name].clear()

    coded = set()
    for code in admin.get_bypass_codes_generator():
        owner, expiration = code["user"], code.get("expiration")
        if expiration is None or expiration > now:
            coded.add(owner["user_id"])
        rows["bypass_codes"].append((
            owner["user_id"], owner.get("username") or None, code["bypass_code_id"], code.get("admin_email") or None,
            code.get("created"), expiration, code.get("reuse_count"),
        ))
    for user in admin.get_users_iterator():
        add_user(user, coded, rows["users"], rows["mfa_methods"], rows["user_groups"])
        if len(rows["users"]) == USERS_A_BATCH:
            flush()
    flush()

    connection = duckdb.connect(f"{directory}/other.duckdb")
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    run = f"'{uuid.uuid4()}' AS run_id, to_timestamp({now}) AS observed_at"
    for name, schema in SCHEMAS.items():
        connection.register("batches", pa.Table.from_batches(batches.pop(name), schema))
        connection.execute(f"CREATE TABLE {name} AS SELECT {run}, * {CAST.get(name, '')} FROM batches")
        connection.unregister("batches")
        connection.execute(f"COPY {name} TO '{directory}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    connection.close()


if __name__ == "__main__":
    gc.disable()  # there are no cycles
    main(*sys.argv[1:])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    if "DUO_BENCH_USAGE" in os.environ:
        with open(os.environ["DUO_BENCH_USAGE"], "a") as file:
            user, system = int(usage.ru_utime * 1e6), int(usage.ru_stime * 1e6)
            file.write(json.dumps({"userCPUTime": user, "systemCPUTime": system, "maxRSS": usage.ru_maxrss}) + "\n")

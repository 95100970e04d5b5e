/** The flags that `worker` and `submit` share. */
import { Flag } from "effect/cli"

export const database = Flag.String("database").pipe(
  Flag.withDescription(
    "The PostgreSQL database of the fleet, as postgres://USER@HOST/DATABASE; the password in PGPASSWORD; default: that of PGHOST, PGUSER and PGDATABASE"
  ),
  Flag.withMetavar("URL"),
  Flag.withDefault("")
)

export const tenants = Flag.String("tenants").pipe(
  Flag.withDescription("The list of the tenants, as for extract; it has no default"),
  Flag.withMetavar("FILE")
)

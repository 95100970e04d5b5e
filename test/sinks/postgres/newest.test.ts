/** The sink's laws in the newest PostgreSQL that the tests can start; test/slow has those in the machine's own. */
import { describe } from "@effect/vitest"
import { lawsIn, serverOfFile } from "../../slow/postgres-sink.ts"
import { newest } from "../../support/servers/postgres/Installations.ts"

const at = serverOfFile(newest)

describe.skipIf(!newest.isThere)(newest.name, () => lawsIn(at))

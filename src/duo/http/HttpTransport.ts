/** The HttpClient that carries requests to Duo's hosts, or to this machine if that is what the settings say. */
import { Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import type { BadProxy } from "../../http/Proxy.ts"
import * as Transport from "../../http/Transport.ts"
import { Credentials } from "./Credentials.ts"

export const layer: Layer.Layer<HttpClient.HttpClient, BadProxy, Credentials> = Layer.unwrap(
  Effect.map(Credentials, ({ loopback }) => Transport.layer(loopback))
)

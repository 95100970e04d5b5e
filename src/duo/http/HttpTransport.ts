/** The HttpClient for requests to the host of the settings: one of Duo's, or this machine. */
import { Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import type { BadProxy } from "../../http/Proxy.ts"
import * as Transport from "../../http/Transport.ts"
import { Credentials } from "./Credentials.ts"

export const layer: Layer.Layer<HttpClient.HttpClient, BadProxy, Credentials> = Layer.unwrap(
  Effect.map(Credentials, ({ loopback }) => Transport.layer(loopback))
)

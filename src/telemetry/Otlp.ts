/**
 * Sends telemetry to a collector with effect's exporter. This module is loaded only if there is a collector. Three
 * facts about the exporter: it dies of malformed resource attributes, so they are parsed before; it sends a unit as an
 * attribute as well, unless the attribute is removed; and it does not report what it could not send.
 */
import { Context, Effect, Exit, Layer, Logger, Redacted, Scope } from "effect"
import { HttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import * as Transport from "../http/Transport.ts"
import { version } from "../Version.ts"
import * as AllowedAttributes from "./AllowedAttributes.ts"
import type { Collector } from "./Collector.ts"

/** How long a run waits at its end for telemetry that was not sent yet. */
const patience = "3 seconds"

/** Keeps, for every URL of the collector, why the last request failed. */
const watched = (why: Map<string, string>) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.transform(client, (sending, { url }) =>
        Effect.suspend(() => {
          why.set(url, `no answer in ${patience}`)
          return sending
        }).pipe(
          Effect.tap(({ status }) =>
            Effect.sync(() =>
              status >= 200 && status < 300 ? why.delete(url) : why.set(url, `HTTP ${status}`)
            )
          ),
          Effect.tapError((error) =>
            Effect.sync(() => why.set(url, Transport.codesOf(Transport.causesOf(error)).at(-1) ?? "no connection"))
          )
        )))
  )

/**
 * Starts the exporter. Provide `services` to the effect to observe. `close` sends the rest, and warns if some was lost.
 */
export const open = Effect.fnUntraced(function*(collector: Collector, dataDirectory: string) {
  const { attributes, headers, host, loopback, serviceName, url } = collector
  const why = new Map<string, string>()
  const exporter = Otlp.layer({
    baseUrl: url,
    headers: Redacted.value(headers),
    resource: { serviceName, serviceVersion: version, attributes },
    shutdownTimeout: patience
  }).pipe(
    Layer.provide(AllowedAttributes.layer(Object.keys(attributes), dataDirectory)),
    Layer.provide(watched(why)),
    Layer.provide(Transport.layer(loopback))
  )
  const scope = yield* Scope.make()
  const services = yield* Layer.buildWithScope(exporter, scope)
  const printing = yield* Logger.CurrentLoggers
  const sending = [...Context.get(services, Logger.CurrentLoggers)].filter((logger) => !printing.has(logger))
  return {
    services,
    /** Makes an effect log only to the collector. */
    quietly: Effect.provideService(Logger.CurrentLoggers, new Set(sending)),
    close: Scope.close(scope, Exit.void).pipe(
      Effect.andThen(Effect.suspend(() => {
        const [reason] = why.values()
        return reason === undefined
          ? Effect.void
          : Effect.logWarning(`The collector at ${host} did not get all telemetry: ${reason}.`)
      }))
    )
  }
})

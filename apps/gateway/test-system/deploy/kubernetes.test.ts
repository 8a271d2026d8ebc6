import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { validate as deployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment"
import { validate as configMap } from "kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap"
import { validate as namespace } from "kubernetes-models/_schemas/IoK8sApiCoreV1Namespace"
import { validate as service } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service"
import { validate as podDisruptionBudget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseAllDocuments } from "yaml"
import { deployFolder, run } from "./harness/programs.ts"

/** Kubernetes' schemas of each kind in the kustomization, and the module with its type. */
const kinds: { readonly [kind: string]: { readonly isValid: (data: unknown) => boolean; readonly module: string } } = {
  ConfigMap: { isValid: configMap, module: "v1" },
  Deployment: { isValid: deployment, module: "apps/v1" },
  Namespace: { isValid: namespace, module: "v1" },
  PodDisruptionBudget: { isValid: podDisruptionBudget, module: "policy/v1" },
  Service: { isValid: service, module: "v1" }
}

const Manifest = Schema.Struct({ apiVersion: Schema.String, kind: Schema.String })

/** What `kubectl apply --kustomize` would send. */
const rendered = Effect.map(run(["kubectl", "kustomize", join(deployFolder, "kubernetes")]), (text) =>
  parseAllDocuments(text).map((document): unknown => document.toJS())
)

const kindOf = (manifest: unknown) => Schema.decodeUnknownSync(Manifest)(manifest).kind

/** Compiles the manifests as literals of Kubernetes' types, because the schemas allow unknown fields. */
const compile = (manifests: ReadonlyArray<unknown>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const cache = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url))
      mkdirSync(cache, { recursive: true })
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(cache, "kubernetes-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
      )
      const lines = manifests.map((manifest, index) => {
        const kind = kindOf(manifest)
        return [
          `import type { I${kind} as K${index} } from "kubernetes-models/${kinds[kind]?.module}"`,
          `export const manifest${index}: K${index} = ${JSON.stringify(manifest)}`
        ].join("\n")
      })
      const file = join(folder, "manifests.mts")
      writeFileSync(file, lines.join("\n"))
      const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc")
      const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "esnext"]
      return yield* run([process.execPath, tsc, ...options, file])
    })
  )

describe("The Kubernetes manifests", () => {
  it.live("are rendered by kubectl, and are valid by Kubernetes' schemas", () =>
    Effect.gen(function* () {
      const manifests = yield* rendered
      assert.deepStrictEqual(manifests.map(kindOf).toSorted(), Object.keys(kinds).toSorted())
      for (const manifest of manifests) {
        const kind = kindOf(manifest)
        assert.isTrue(kinds[kind]?.isValid(manifest), `${kind}: ${JSON.stringify(manifest)}`)
      }
      yield* compile(manifests)
      // The check finds a field that does not exist.
      const misspelt = JSON.parse(JSON.stringify(manifests).replace("livenessProbe", "livenessProb"))
      assert.include((yield* Effect.flip(compile(misspelt))).message, "livenessProb")
    })
  )

  it.live("run two gateways that survive the loss of a node or of the database", () =>
    Effect.gen(function* () {
      const text = JSON.stringify(yield* rendered)
      for (const part of [
        `"replicas":2`,
        `"minAvailable":1`,
        `"maxUnavailable":0`,
        `"enableServiceLinks":false`,
        `"automountServiceAccountToken":false`,
        `"runAsNonRoot":true`,
        `"runAsUser":65534`,
        `"readOnlyRootFilesystem":true`,
        `"allowPrivilegeEscalation":false`,
        `"drop":["ALL"]`,
        `"value":"/run/secrets/tocsin/token"`
      ]) {
        assert.include(text, part)
      }
      const probe = (name: string) => new RegExp(`"${name}":{[^}]*"path":"([^"]+)"`).exec(text)?.[1]
      assert.deepStrictEqual([probe("livenessProbe"), probe("readinessProbe")], ["/livez", "/readyz"])
    })
  )
})

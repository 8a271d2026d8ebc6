import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { call } from "../data/call.ts"
import { send } from "../data/send.ts"
import { byId, type IntegrationRow, integrationsQuery, type PluginRow } from "../data/queries.ts"
import { SaveProblem } from "../forms/SaveProblem.tsx"
import { SettingsForm } from "../forms/SettingsForm.tsx"
import { fieldsOf } from "../forms/schema.ts"
import { useEdit } from "../forms/useEdit.ts"
import { Button } from "../parts/Button.tsx"
import { Checkbox, TextInput } from "../parts/controls.tsx"
import { Select } from "../parts/Select.tsx"
import { Form } from "../parts/Form.tsx"
import { Foldable } from "../parts/Foldable.tsx"
import { Linked } from "../parts/Linked.tsx"
import { type Draft, draftOf, isShown, moreFields, payloadOf, startOf, versionOf } from "./draft.ts"
import { PreviewPane, usePreview } from "./PreviewPane.tsx"
import { TestResult, useTestSend } from "./TestResult.tsx"
import { SaveConsequences, useConsequences } from "./SaveConsequences.tsx"

interface Props {
  readonly plugins: ReadonlyArray<PluginRow>
  readonly stored: (IntegrationRow & { readonly etag: string }) | undefined
  readonly start: Draft
  /** Whether something is entered that is not saved. */
  readonly onDirty: (isDirty: boolean) => void
  readonly onSaved: (id: string) => void
}

/** The content of the integration dialog. */
export const IntegrationForm = ({ onDirty, onSaved, plugins, start, stored }: Props) => {
  const client = useQueryClient()
  const { data: integrations } = useQuery(integrationsQuery)
  const edit = useEdit({
    stored,
    start,
    draftOf,
    save: async (draft, etag) => {
      await consequences.said()
      const tested = test.result?.tested
      const payload = { ...payloadOf(draft, stored?.id), ...(tested !== undefined && { tested }) }
      const { body } = await (stored === undefined
        ? send<{ readonly id: string }>("POST", "/v1/integrations", payload)
        : send<{ readonly id: string }>("PUT", `/v1/integrations/${encodeURIComponent(stored.id)}`, payload, { etag }))
      return body
    },
    reread: async ({ id }) => {
      const { body, headers } = await call((client) => client.integrations.get({ params: { id } }))
      return { ...body, etag: headers.etag }
    },
    onSaved: ({ id }) => {
      void client.invalidateQueries({ queryKey: ["integrations"] })
      void client.invalidateQueries({ queryKey: ["lanes"] })
      onSaved(id)
    }
  })
  const { base, change, draft, errors, isDirty, setProblem } = edit
  const plugin = plugins.find(({ type }) => type === draft.type)
  const fields = plugin === undefined ? [] : fieldsOf(plugin.settings)
  const secrets = new Set(draft.type === stored?.type ? stored.secretsSet.map((at) => `/settings${at}`) : [])

  const consequences = useConsequences(stored === undefined ? undefined : payloadOf(draft, stored.id), isDirty)
  const test = useTestSend(draft, stored, setProblem)
  const preview = usePreview(draft, plugin, stored)
  useEffect(() => onDirty(isDirty), [onDirty, isDirty])
  const errorAt = (at: string, isLeaf: boolean) => errors.at(at, isLeaf)

  return (
    <Form ref={edit.form} className="integration-form" onSubmit={edit.save}>
      <div className="integration-fields">
        <SaveProblem edit={edit} isShown={isShown(draft, fields)} versionOf={(one) => versionOf(one, fields)} />
        <Select
          label="Type"
          value={draft.type === "" ? undefined : draft.type}
          error={errorAt("/type", true)}
          options={[
            ...plugins.map(({ title, type }) => ({ value: type, label: title })),
            ...(plugin === undefined && draft.type !== ""
              ? [{ value: draft.type, label: `${draft.type} (not installed)` }]
              : [])
          ]}
          onChange={(type) => {
            const next = plugins.find((one) => one.type === type)
            if (type === draft.type) return
            setProblem(null)
            change({ type, settings: type === base.type ? base.settings : next === undefined ? {} : startOf(next) })
          }}
        />
        {plugin !== undefined && plugin.setup.length > 0 && (
          <Foldable title={`How to set up ${plugin.title}`}>
            <ol className="setup">
              {plugin.setup.map((step) => (
                <li key={step}>
                  <Linked text={step} />
                </li>
              ))}
            </ol>
          </Foldable>
        )}
        <TextInput
          label="Name"
          value={draft.name}
          onChange={(name) => change({ name })}
          error={errorAt("/name", true)}
        />
        {plugin === undefined && draft.type !== "" && (
          <p className="hint">
            The plugin for this type is not installed, so its settings cannot be edited. They stay as they are.
          </p>
        )}
        <SettingsForm
          key={draft.type}
          fields={fields}
          value={draft.settings}
          onChange={(settings) => change({ settings })}
          at="/settings"
          errorAt={errorAt}
          stored={secrets}
        />
        {draft.type !== "" && (
          <Foldable
            title="Delivery"
            isForcedOpen={["/fallback", "/limits", "/delivery"].some((at) => errorAt(at, true) !== undefined)}
          >
            <Checkbox
              isSelected={draft.enabled}
              onChange={(enabled) => change({ enabled })}
              hint="While it is disabled, nothing new is planned for it."
            >
              Enabled
            </Checkbox>
            <Select
              label="Fallback"
              hint="Notified while this one is broken or unavailable."
              error={errorAt("/fallback", true)}
              value={draft.fallback ?? ""}
              options={[
                { value: "", label: "None" },
                ...(integrations?.items ?? [])
                  .filter(({ id }) => id !== stored?.id)
                  .map(({ id, name }) => ({ value: id as string, label: name }))
              ]}
              onChange={(fallback) => change({ fallback: fallback === "" ? undefined : fallback })}
            />
            {moreFields.length > 0 && (
              <MoreFields value={draft.more} onChange={(more) => change({ more })} errorAt={errorAt} />
            )}
          </Foldable>
        )}
        <TestResult test={test} />
      </div>
      <PreviewPane preview={preview} />
      <footer className="dialog-foot integration-foot">
        <div className="left">
          <SaveConsequences
            consequences={consequences}
            names={byId(integrations?.items)}
            isNew={stored === undefined}
          />
        </div>
        <Button onPress={() => void preview.ask().then(setProblem)}>Preview</Button>
        <Button icon="deliveries" isPending={test.isPending} onPress={() => test.send()}>
          Send a test
        </Button>
        <Button type="submit" look="primary" isPending={edit.isSaving}>
          {stored === undefined ? "Add new integration" : "Save"}
        </Button>
      </footer>
    </Form>
  )
}

/** The rate limit and the time limits, each a group of numbers. */
const MoreFields = ({
  errorAt,
  onChange,
  value
}: {
  readonly value: Draft["more"]
  readonly onChange: (value: Draft["more"]) => void
  readonly errorAt: (at: string, isLeaf: boolean) => string | undefined
}) => (
  <SettingsForm
    fields={moreFields.map((field) => ({ ...field, isRequired: true }))}
    value={value}
    onChange={(next) =>
      onChange(Object.fromEntries(Object.entries(next).filter(([, group]) => JSON.stringify(group) !== "{}")))
    }
    at=""
    errorAt={errorAt}
    stored={new Set()}
  />
)

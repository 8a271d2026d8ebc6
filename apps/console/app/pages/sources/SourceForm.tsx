import { useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { call } from "../../data/call.ts"
import { Failure } from "../../data/failure.ts"
import { type ConfiguredSourceRow, sourcesQuery, type SourceTypeRow } from "../../data/queries.ts"
import { send } from "../../data/send.ts"
import { SaveProblem } from "../../forms/SaveProblem.tsx"
import { fieldsOf } from "../../forms/schema.ts"
import { SettingsForm } from "../../forms/SettingsForm.tsx"
import { useEdit } from "../../forms/useEdit.ts"
import { startOf } from "../../integrations/draft.ts"
import { Button } from "../../parts/Button.tsx"
import { TextInput } from "../../parts/controls.tsx"
import { Foldable } from "../../parts/Foldable.tsx"
import { Form } from "../../parts/Form.tsx"
import { Linked } from "../../parts/Linked.tsx"
import { May } from "../../parts/May.tsx"
import { Select } from "../../parts/Select.tsx"
import { CredentialFields } from "./CredentialFields.tsx"
import {
  type Draft,
  draftOf,
  enteredSecret,
  isShown,
  moreFields,
  namePath,
  payloadOf,
  settingsField,
  versionOf,
  withoutEmpty
} from "./sourceDraft.ts"
import type { Saved } from "./SourceSaved.tsx"
import { TryPane, useTry } from "./TryPane.tsx"
import { TypeSettings } from "./TypeSettings.tsx"
import "../../integrations/IntegrationDialog.css"

type Stored = ConfiguredSourceRow & { readonly etag: string }

interface Props {
  readonly types: ReadonlyArray<SourceTypeRow>
  readonly stored: Stored | undefined
  readonly start: Draft
  /** Whether something is entered that is not saved. */
  readonly onDirty: (isDirty: boolean) => void
  /** With what is to be shown, if the source or its credential is new. */
  readonly onSaved: (saved: Saved | undefined) => void
}

/** The content of the source dialog. */
export const SourceForm = ({ onDirty, onSaved, start, stored, types }: Props) => {
  const client = useQueryClient()
  const edit = useEdit({
    stored,
    start,
    draftOf,
    save: async (draft, etag) => {
      if (stored === undefined) {
        const { items } = await client.fetchQuery({ ...sourcesQuery, staleTime: 0 })
        if (items.some(({ isConfigured, name }) => isConfigured && name === draft.name)) throw nameInUse
      }
      // A path with an empty step would be another one.
      const path = `/v1/sources/${encodeURIComponent(draft.name === "" ? " " : draft.name)}`
      const payload = payloadOf(draft, stored, hasSettings)
      const { body } = await send<Pick<Saved, "name" | "address">>("PUT", path, payload, { etag })
      return { ...body, draft }
    },
    reread: async ({ name }) => {
      const { body, headers } = await call((client) => client.sources.get({ params: { name } }))
      return { ...body, etag: headers.etag }
    },
    onSaved: ({ address, draft, name }) => {
      void client.invalidateQueries({ queryKey: ["sources"] })
      const text = enteredSecret(draft)
      const kind = draft.credential
      const secret = text === undefined || kind === "none" || kind === "several" ? undefined : { kind, text }
      onSaved(stored === undefined || secret !== undefined ? { name, address, secret } : undefined)
    }
  })
  const { base, change, draft, errors, etag, isDirty, setProblem } = edit
  const type = types.find((one) => one.type === draft.type)
  const hasSettings =
    type === undefined ? stored?.[settingsField(draft.type)] !== undefined : type.settings !== undefined
  const fields = type?.settings === undefined ? [] : fieldsOf(type.settings)
  const own = `/${settingsField(draft.type)}`
  const tried = useTry(draft, base, stored, hasSettings, setProblem)

  useEffect(() => onDirty(isDirty), [onDirty, isDirty])
  const context = {
    errorAt: errors.at,
    stored: new Set(stored === undefined ? [] : stored.secretsSet.filter((at) => isKept(at, draft, stored)))
  }

  return (
    <Form ref={edit.form} className="integration-form" onSubmit={edit.save}>
      <div className="integration-fields">
        <SaveProblem edit={edit} isShown={isShown(draft, fields)} versionOf={versionOf} />
        <Select
          label="Type"
          value={draft.type === "" ? undefined : draft.type}
          error={errors.at("/type", true)}
          options={[
            ...types.map(({ title, type }) => ({ value: type, label: title })),
            ...(type === undefined && draft.type !== ""
              ? [{ value: draft.type, label: `${draft.type} (not installed)` }]
              : [])
          ]}
          onChange={(chosen) => {
            if (chosen === draft.type) return
            const settings = types.find((one) => one.type === chosen)?.settings
            setProblem(null)
            change({
              type: chosen,
              settings: chosen === base.type ? base.settings : settings === undefined ? {} : startOf({ settings })
            })
          }}
        />
        {type !== undefined && type.setup.length > 0 && (
          <Foldable title={`How to set up ${type.title}`}>
            <ol className="setup">
              {type.setup.map((step) => (
                <li key={step}>
                  <Linked text={step} />
                </li>
              ))}
            </ol>
          </Foldable>
        )}
        {stored === undefined && (
          <TextInput
            label="Name"
            hint="Rules match the source by it, and it is part of the address: a-z, 0-9 and -."
            value={draft.name}
            onChange={(name) => change({ name })}
            error={errors.at("/name", true) ?? errors.at(namePath, true)}
          />
        )}
        <May scope="admin">
          <CredentialFields draft={draft} isSeveral={base.credential === "several"} onChange={change} {...context} />
        </May>
        {type !== undefined && fields.length > 0 && (
          <TypeSettings
            key={`${type.type} ${etag}`}
            type={type}
            fields={fields}
            value={draft.settings}
            wrong={errors.elsewhere((path) => path !== own && !path.startsWith(`${own}/`))}
            onChange={(settings) => change({ settings })}
            {...context}
          />
        )}
        <Foldable
          title="Defaults, times and rate limit"
          isForcedOpen={moreFields.some(({ name }) => errors.at(`/${name}`, true) !== undefined)}
        >
          <SettingsForm
            key={etag}
            fields={moreFields}
            value={draft.more}
            onChange={(more) => change({ more: withoutEmpty(more) })}
            at=""
            {...context}
          />
        </Foldable>
      </div>
      <TryPane tried={tried} error={errors.at("/sample", true)} />
      <footer className="dialog-foot integration-foot">
        <Button type="submit" look="primary" isPending={edit.isSaving}>
          {stored === undefined ? "Add new source" : "Save"}
        </Button>
      </footer>
    </Form>
  )
}

/** A `PUT` would replace the source of that name. */
const nameInUse = new Failure("Conflict", undefined, [
  { path: "/name", message: "Another source has this name. Edit that one, or choose another name." }
])

/** Whether a stored secret still applies: those of settings only to their type. */
const isKept = (at: string, { type }: Draft, stored: Stored): boolean =>
  type === stored.type || !at.startsWith(`/${settingsField(stored.type)}/`)

import { useState } from "react"
import type { IntegrationRow } from "../../data/queries.ts"
import { IntegrationDialog } from "../../integrations/IntegrationDialog.tsx"
import { stateOf } from "../../integrations/state.ts"
import { Button } from "../../parts/Button.tsx"
import { Checkbox } from "../../parts/controls.tsx"
import { Dialog } from "../../parts/Dialog.tsx"
import { Icon } from "../../parts/Icon.tsx"
import { Skeleton } from "../../parts/Page.tsx"
import type { RuleDraft } from "./ruleDraft.ts"

interface Props {
  readonly draft: RuleDraft
  readonly integrations: ReadonlyArray<IntegrationRow> | undefined
  readonly onChange: (changed: Partial<RuleDraft>) => void
  readonly error: string | undefined
}

/** Where the rule's alerts go, and whether a message follows when they clear. */
export const NotificationsTab = ({ draft, error, integrations, onChange }: Props) => {
  const [isListed, setIsListed] = useState(false)
  const select = (id: string, isSelected: boolean) =>
    onChange({
      integrations: isSelected
        ? [...new Set([...draft.integrations, id])]
        : draft.integrations.filter((one) => one !== id)
    })
  const isEmpty = integrations?.length === 0
  const gone = draft.integrations.filter(
    (id) => integrations !== undefined && !integrations.some((one) => one.id === id)
  )

  return (
    <div className="notifications">
      <fieldset className="rows-field" aria-describedby={error === undefined ? undefined : "integrations-error"}>
        <legend className="legend">Integrations</legend>
        {integrations === undefined ? (
          <Skeleton rows={2} height="1.25rem" />
        ) : isEmpty ? (
          <p className="quiet">There is no integration yet: this rule notifies nobody.</p>
        ) : (
          <div className="choices">
            {integrations.map((one) => (
              <Choice
                key={one.id}
                integration={one}
                isSelected={draft.integrations.includes(one.id)}
                onChange={(isSelected) => select(one.id, isSelected)}
              />
            ))}
            {gone.map((id) => (
              <Checkbox key={id} isSelected onChange={() => select(id, false)}>
                {id} (removed)
              </Checkbox>
            ))}
          </div>
        )}
        {error !== undefined && (
          <p className="field-error" id="integrations-error">
            <Icon name="warning" /> {error}
          </p>
        )}
        <Button icon={isEmpty ? "plus" : "edit"} onPress={() => setIsListed(true)}>
          {isEmpty ? "Configure integrations" : "Edit integrations"}
        </Button>
      </fieldset>
      <Checkbox
        isSelected={draft.notifyOnClear}
        onChange={(notifyOnClear) => onChange({ notifyOnClear })}
        hint="A message follows when an alert clears, or when an edit of this rule means that it no longer matches."
      >
        Send when clears
      </Checkbox>
      {isListed && (
        <IntegrationList
          integrations={integrations ?? []}
          onClose={() => setIsListed(false)}
          onAdded={(id) => select(id, true)}
        />
      )}
    </div>
  )
}

const Choice = ({
  integration,
  isSelected,
  onChange
}: {
  readonly integration: IntegrationRow
  readonly isSelected: boolean
  readonly onChange: (isSelected: boolean) => void
}) => {
  const { tone, word } = stateOf(integration)
  return (
    <div className="choice">
      <Checkbox isSelected={isSelected} onChange={onChange}>
        <bdi>{integration.name}</bdi>
      </Checkbox>
      {tone !== "good" && <span className={`state ${tone}`}>{word}</span>}
    </div>
  )
}

/** The list of integrations, to edit one or to add one, which is then selected for the rule. */
const IntegrationList = ({
  integrations,
  onAdded,
  onClose
}: {
  readonly integrations: ReadonlyArray<IntegrationRow>
  readonly onClose: () => void
  readonly onAdded: (id: string) => void
}) => {
  const [edited, setEdited] = useState<string>()
  return (
    <Dialog title="Integrations" onClose={onClose} isDismissable>
      <div className="dialog-body">
        {integrations.length === 0 ? (
          <p className="quiet">There is no integration yet.</p>
        ) : (
          <ul className="integration-list">
            {integrations.map((one) => (
              <li key={one.id}>
                <div>
                  <strong className="foreign">{one.name}</strong>
                  <div className="quiet">{stateOf(one).word}</div>
                </div>
                <Button look="quiet" icon="edit" onPress={() => setEdited(one.id)} aria-label={`Edit ${one.name}`}>
                  Edit
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <footer className="dialog-foot">
        <Button onPress={onClose}>Done</Button>
        <Button look="primary" icon="plus" onPress={() => setEdited("")}>
          Add new integration
        </Button>
      </footer>
      {edited !== undefined && (
        <IntegrationDialog
          {...(edited !== "" && { id: edited })}
          onClose={() => setEdited(undefined)}
          onSaved={(id) => {
            if (edited !== "") return
            onAdded(id)
            onClose()
          }}
        />
      )}
    </Dialog>
  )
}

import { Button } from "./Button.tsx"
import { Dialog } from "./Dialog.tsx"

/** Asks before typed values are discarded. */
export const Discard = ({ onDiscard, onStay }: { readonly onStay: () => void; readonly onDiscard: () => void }) => (
  <Dialog title="Discard your changes?" role="alertdialog" width="narrow" onClose={onStay}>
    <div className="dialog-body">
      <p>What you typed is not saved.</p>
    </div>
    <footer className="dialog-foot">
      <Button onPress={onStay} autoFocus>
        Keep editing
      </Button>
      <Button look="danger" onPress={onDiscard}>
        Discard
      </Button>
    </footer>
  </Dialog>
)

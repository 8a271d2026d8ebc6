import type { ReactNode } from "react"
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components"
import { Button } from "./Button.tsx"
import "./Dialog.css"

interface Props {
  readonly title: string
  readonly children: ReactNode
  readonly onClose: () => void
  readonly width?: "narrow" | "medium" | "wide"
  readonly role?: "dialog" | "alertdialog"
  /** Whether it closes by a click outside of it. */
  readonly isDismissable?: boolean
}

/** An open modal dialog. Focus stays in it, and returns to the previous element. Escape asks to close. */
export const Dialog = ({
  children,
  isDismissable = false,
  onClose,
  role = "dialog",
  title,
  width = "medium"
}: Props) => (
  <ModalOverlay
    className="overlay"
    isOpen
    isDismissable={isDismissable}
    onOpenChange={(isOpen) => !isOpen && onClose()}
  >
    <Modal className={`modal ${width}`}>
      <AriaDialog className="dialog" role={role}>
        <header className="dialog-head">
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          <Button look="quiet" icon="cross" isIconOnly onPress={onClose}>
            Close
          </Button>
        </header>
        {children}
      </AriaDialog>
    </Modal>
  </ModalOverlay>
)

import { useState } from "react"
import { Button } from "react-aria-components"
import { Icon } from "./Icon.tsx"
import "./controls.css"

/** A text with a button that copies it. */
export const Copyable = ({ label, text }: { readonly label: string; readonly text: string }) => {
  const [isCopied, setIsCopied] = useState(false)
  return (
    <div className="copyable">
      {/* It can be scrolled, so it can be focused. */}
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <Button
        className="button quiet"
        onPress={() => void navigator.clipboard?.writeText(text).then(() => setIsCopied(true))}
      >
        <Icon name={isCopied ? "check" : "copy"} />
        {isCopied ? "Copied" : "Copy"}
      </Button>
    </div>
  )
}

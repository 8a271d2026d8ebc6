import { useMutation } from "@tanstack/react-query"
import { useState } from "react"
import { Failure } from "../data/failure.ts"
import { signIn } from "../data/session.ts"
import { Button } from "../parts/Button.tsx"
import { TextInput } from "../parts/controls.tsx"
import { Dialog } from "../parts/Dialog.tsx"
import { Form } from "../parts/Form.tsx"
import { FailureNotice, Notice } from "../parts/Notice.tsx"
import { useTitle } from "../parts/Page.tsx"
import "./SignIn.css"

const SignInForm = () => {
  const [token, setToken] = useState("")
  const { error, isPending, mutate } = useMutation({ mutationFn: signIn, onSuccess: () => setToken("") })
  const isWrong = error instanceof Failure && error.kind === "Unauthorized"
  return (
    <Form className="sign-in-form" onSubmit={() => mutate(token)}>
      {error !== null &&
        (isWrong ? (
          <Notice tone="bad" role="alert">
            This token is wrong. It is an API key, or what TOCSIN_TOKEN was when the gateway started.
          </Notice>
        ) : (
          <FailureNotice error={error} />
        ))}
      <TextInput
        label="API token"
        type="password"
        value={token}
        onChange={setToken}
        autoFocus
        {...(isWrong && { error: "Not the token" })}
        hint="An API key, or the gateway's TOCSIN_TOKEN. It is exchanged for a session of 12 hours and not kept in this browser."
      />
      <Button type="submit" look="primary" isPending={isPending}>
        Sign in
      </Button>
    </Form>
  )
}

/** The sign-in as a whole page, before anything was shown. */
export const SignInPage = ({ caller: { isSecure } }: { readonly caller: { readonly isSecure: boolean } }) => {
  useTitle("Sign in")
  const isLoopback = /^(localhost|127\.|\[::1\])/.test(location.hostname)
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <span className="brand">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M16 5.2c-4.7 0-7 3.4-7.4 7.8-.3 4.2-1.2 6-2.8 7.7-.6.7-.1 1.8.9 1.8h18.6c1 0 1.5-1.1.9-1.8-1.6-1.7-2.5-3.5-2.8-7.7-.4-4.4-2.7-7.8-7.4-7.8Z" />
            <path d="M13 26.2a3.2 3.2 0 0 0 6 0" />
          </svg>
          Tocsin
        </span>
        <h1>Sign in</h1>
        {!isSecure && !isLoopback && (
          <Notice tone="warn">
            This page came over plain http: whoever can read the network can read the token. Serve the gateway over TLS,
            or through a proxy that does.
          </Notice>
        )}
        <SignInForm />
      </div>
    </main>
  )
}

/** The sign-in as a dialog over a page in use, which stays unchanged. */
export const SignInDialog = () => (
  <Dialog title="Sign in again" width="narrow" onClose={() => {}}>
    <div className="dialog-body">
      <p>Your session has ended. Nothing that you typed is lost.</p>
      <SignInForm />
    </div>
  </Dialog>
)

import { QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { theme, zone } from "./data/preferences.ts"
import { queryClient } from "./data/queryClient.ts"
import { keepReader } from "./data/reader.ts"
import { router } from "./router.tsx"
import { takeOver } from "./takeOver.ts"
import "./styles/tokens.css"
import "./styles/base.css"
import "./parts/tabs.css"

theme.subscribe(keepReader)
zone.subscribe(keepReader)

const root = document.getElementById("root")
if (root !== null) {
  void takeOver(root, () =>
    createRoot(root).render(
      <StrictMode>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </StrictMode>
    )
  )
}

import { QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { queryClient } from "./data/queryClient.ts"
import { router } from "./router.tsx"
import { takeOver } from "./takeOver.ts"
import "./styles/tokens.css"
import "./styles/base.css"
import "./parts/tabs.css"

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

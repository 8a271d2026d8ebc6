declare module "virtual:drawn" {
  export const makeDrawn: (reader: import("./page.ts").Reader) => typeof import("./drawn.ts").default
}

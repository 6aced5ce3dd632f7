export {
  createFacilitatorEngine,
  type FacilitatorEngine,
  type FacilitatorRequest,
  type SupportedAnswer,
} from "./engine.js";
export type { FacilitatorOptions } from "./options.js";

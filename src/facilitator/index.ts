export { createFacilitatorEngine, type FacilitatorEngine, type SupportedAnswer } from "./engine.js";
export type { FacilitatorOptions } from "./options.js";
export type { FacilitatorRequest } from "./request.js";

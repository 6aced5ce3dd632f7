export type { OfferedEntry } from "./accepts.js";
export { createFacilitatorEngine, type FacilitatorEngine, type SupportedAnswer } from "./engine.js";
export type { FacilitatorOptions } from "./options.js";
export type { RecoveryReport } from "./recovery.js";
export type { FacilitatorRequest } from "./request.js";
export type { Schedule } from "./schedule.js";

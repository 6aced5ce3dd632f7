/** `x402Version` is the request's top-level one, where it has one. Everything is judged, nothing is trusted. */
export interface FacilitatorRequest {
  readonly x402Version?: unknown;
  readonly paymentPayload: unknown;
  readonly paymentRequirements: unknown;
}

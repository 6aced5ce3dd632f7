/** SPEC 2. Reserved names such as `nano:testnet` or `xno:mainnet` are refused like any other network. */
export const SCHEME = "exact";
export const NETWORK = "nano:mainnet";
export const ASSET = "XNO";
export const X402_VERSION = 2;

/** The two ways to pay, as `extra.assetTransferMethod` names them: Track A and Track B. */
export const TRACKS = ["nanoTxn", "nanoSignature"] as const;
export type Track = (typeof TRACKS)[number];

/** How long a buyer has under an entry that does not say. */
export const DEFAULT_TIMEOUT_SECONDS = 60;
/** Clocks of server, facilitator and client may differ by this much before an expiry counts. */
export const EXPIRY_GRACE_SECONDS = 5;
/** How far beyond `maxTimeoutSeconds` an unauthenticated expiry may lie. */
export const EXPIRY_SLACK_SECONDS = 300;

// For applications that build the official client without a base URL: `NODE_OPTIONS="--import ./preload.mjs"` sends
// what they ask of the hosted service to the server that SKYTELLS_BASE_URL names, up to and with /v1.

const HOSTED = "https://api.skytells.ai/v1";
const own = process.env.SKYTELLS_BASE_URL;
const original = globalThis.fetch;

globalThis.fetch = (resource, options) =>
  typeof resource === "string" && resource.startsWith(HOSTED)
    ? original(own + resource.slice(HOSTED.length), options)
    : original(resource, options);

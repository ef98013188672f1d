// Snippets: a request as one types it, in each language.

/** The request for an input, by the id of its tab. `base` is this server's address. */
export function snippets({ base, model, streaming }, input) {
  const body = { model, input };
  return {
    curl: curl(base, { ...body, await: true }),
    python: python(base, { ...body, await: true }),
    javascript: javascript(base, { ...body, await: true }),
    cli: cli(model, input, streaming),
  };
}

function curl(base, body) {
  return [`curl ${base}/v1/predictions`, '-H "x-api-key: $FORETELL_API_KEY"', '-H "content-type: application/json"', `-d ${quoted(JSON.stringify(body, null, 2))}`].join(" \\\n  ");
}

function python(base, body) {
  return `import os

import requests

answer = requests.post(
    "${base}/v1/predictions",
    headers={"x-api-key": os.environ["FORETELL_API_KEY"]},
    json=${literal(body, 4)},
)
answer.raise_for_status()
print(answer.json()["output"])`;
}

function javascript(base, body) {
  const json = JSON.stringify(body, null, 2).replaceAll("\n", "\n  ");
  return `const answer = await fetch("${base}/v1/predictions", {
  method: "POST",
  headers: { "x-api-key": process.env.FORETELL_API_KEY, "content-type": "application/json" },
  body: JSON.stringify(${json}),
});
const prediction = await answer.json();
console.log(prediction.output);`;
}

function cli(model, input) {
  const options = Object.entries(input).map(([name, value]) => `-i ${name}=${quoted(typeof value === "string" ? value : JSON.stringify(value))}`);
  return [`foretell run ${model}`, ...options].join(" \\\n  ");
}

function quoted(words) {
  return /^[\w./:@-]+$/.test(words) ? words : `'${words.replaceAll("'", "'\\''")}'`;
}

/** A Python expression of a JSON value, with each field on a line of its own. */
function literal(value, indent) {
  const inner = " ".repeat(indent + 4);
  const outer = " ".repeat(indent);
  if (Array.isArray(value)) return `[${value.map((each) => literal(each, indent)).join(", ")}]`;
  if (value && typeof value === "object") {
    const fields = Object.entries(value).map(([name, each]) => `${inner}${JSON.stringify(name)}: ${literal(each, indent + 4)},\n`);
    return fields.length ? `{\n${fields.join("")}${outer}}` : "{}";
  }
  return { true: "True", false: "False", null: "None" }[String(value)] && typeof value !== "string" ? { true: "True", false: "False", null: "None" }[String(value)] : JSON.stringify(value);
}

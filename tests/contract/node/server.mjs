// Where the servers under test are, and how a test waits for a fact.

export const KEY = process.env.FORETELL_TEST_KEY;
export const BASE = `${process.env.FORETELL_TEST_ADDRESS}/v1`;

/** A server that gives creates without `await` a soft wait. */
export const SOFT_BASE = `${process.env.FORETELL_TEST_SOFT_ADDRESS}/v1`;

/** What `find` finds, as soon as it is something. */
export async function until(find, about, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${about}: not within ${seconds} s`);
}

// Signing browsers out.

import { remove } from "./api.js";
import { all } from "./dom.js";
import { refused, toast } from "./toasts.js";

async function signOut(button) {
  button.disabled = true;
  try {
    const ended = await remove(`/v1/sessions/${button.dataset.session}`);
    if (ended.is_current) {
      location.assign("/sign-in");
      return;
    }
    button.closest("tr").remove();
    toast("That browser is signed out.", "good");
  } catch (error) {
    button.disabled = false;
    refused(error);
  }
}

all("[data-session]").forEach((each) => each.addEventListener("click", () => signOut(each)));

/* What somebody is writing on the warnings desk outlives a new data version: a card that is drawn anew gets back its open
   folds and the words typed so far, until its form asks for something else. */
(() => {
  const kept = new Map();
  const card = (element) => element.closest?.(".card-alert[id]");
  const key = (element) => element.querySelector("button[id]")?.id;

  function remember(element) {
    const form = element.querySelector("details.handle");
    const state = {
      key: key(element),
      playbook: element.querySelector("details.playbook")?.open || false,
      handle: form?.open || false,
      fields: [...element.querySelectorAll("input, textarea")].map((field) => field.value),
    };
    if (state.playbook || state.handle) kept.set(element.id, { ...state, element });
    else kept.delete(element.id);
  }

  function write(field, text) {
    if (!text || field.value === text) return;
    /* React listens to the event and compares with the value it set itself: the native setter goes past it. */
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function restore() {
    for (const [id, state] of kept) {
      const element = document.getElementById(id);
      if (!element) continue;
      const playbook = element.querySelector("details.playbook");
      if (playbook && state.playbook && !playbook.open) playbook.open = true;
      if (key(element) !== state.key) { kept.delete(id); continue; }
      const form = element.querySelector("details.handle");
      if (!form || !state.handle || form.open) continue;
      form.open = true;
      const fields = [...element.querySelectorAll("input, textarea")];
      fields.forEach((field, i) => write(field, state.fields[i]));
    }
  }

  for (const name of ["input", "toggle"]) {
    document.addEventListener(name, (event) => { const found = card(event.target); if (found) remember(found); }, true);
  }
  new MutationObserver(() => { if (kept.size) restore(); }).observe(document.body, { childList: true, subtree: true });
})();

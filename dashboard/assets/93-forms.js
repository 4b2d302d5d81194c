/* What somebody is writing on the warnings desk outlives a new data version: a card that is drawn anew gets back its open
   folds and the words typed so far, until they were sent. */
(() => {
  const kept = new Map();
  const card = (element) => element.closest?.(".card-alert[id]");
  const forms = (element) => [...element.querySelectorAll("details.handle")];
  const key = (form) => form.querySelector("button[id]")?.id;
  const inputs = (form) => [...form.querySelectorAll("input:not([type=hidden]), select, textarea")];

  function remember(element) {
    const open = new Map(
      forms(element).filter((form) => form.open).map((form) => [key(form), inputs(form).map((field) => field.value)])
    );
    const playbook = element.querySelector("details.playbook")?.open || false;
    if (playbook || open.size) kept.set(element.id, { playbook, open });
    else kept.delete(element.id);
  }

  function write(field, text) {
    if (!text || field.value === text) return;
    /* React listens to the event and compares with the value it set itself: the native setter goes past it. */
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, text);
    field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
  }

  function restore() {
    for (const [id, state] of kept) {
      const element = document.getElementById(id);
      if (!element) continue;
      const playbook = element.querySelector("details.playbook");
      if (playbook && state.playbook && !playbook.open) playbook.open = true;
      for (const form of forms(element)) {
        const words = state.open.get(key(form));
        if (!words) continue;
        if (!form.open) form.open = true;
        inputs(form).forEach((field, i) => write(field, words[i]));
      }
    }
  }

  document.addEventListener("click", (event) => {
    const form = event.target.closest?.("details.handle");
    if (!form || event.target.closest("button") === null) return;
    kept.get(card(form)?.id)?.open.delete(key(form));
  }, true);
  for (const name of ["input", "change", "toggle"]) {
    document.addEventListener(name, (event) => { const found = card(event.target); if (found) remember(found); }, true);
  }
  new MutationObserver(() => { if (kept.size) restore(); }).observe(document.body, { childList: true, subtree: true });
})();

/* Fields of class finder hide what does not hold every word typed into them; marks above and below letters do not count. */
(() => {
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

  function find(field) {
    const words = fold(field.value).split(/\s+/).filter(Boolean);
    const part = field.closest(".findable");
    if (!part) return;
    for (const item of part.querySelectorAll(".find-item")) {
      const text = fold(item.textContent);
      item.hidden = !words.every((word) => text.includes(word));
    }
    for (const group of part.querySelectorAll(".find-group")) group.hidden = !group.querySelector(".find-item:not([hidden])");
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches?.(".finder")) find(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches?.(".finder")) return;
    event.preventDefault();
    event.target.closest(".findable")?.querySelector("a.find-item:not([hidden])")?.click();
  });
  /* A menu that opens is ready for typing. */
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".domain-menu[open]") && matchMedia("(hover: hover)").matches) event.target.querySelector(".finder")?.focus();
  }, true);
})();

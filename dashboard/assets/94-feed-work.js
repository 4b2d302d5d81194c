/* Bars of what is asked of feeds move as the server tells of steps; the page is not drawn anew for that. */
document.addEventListener("toancanh:progress", (event) => {
  for (const [number, [done, total]] of Object.entries(event.detail)) {
    for (const bar of document.querySelectorAll(`[data-request="${number}"]`)) {
      const share = total ? Math.min(100, (100 * done) / total) : 0;
      bar.querySelector(".work-bar i").style.width = share.toFixed(1) + "%";
      bar.querySelector(".work-count").textContent = total ? `${done} / ${total}` : "";
      bar.setAttribute("aria-valuenow", share.toFixed(0));
    }
  }
});

/* Of the forms of a feed one is open at a time. */
document.addEventListener("toggle", (event) => {
  const form = event.target;
  if (!form.open || !form.parentElement?.matches(".work-forms")) return;
  for (const other of form.parentElement.children) if (other !== form) other.open = false;
}, true);

/* Chooses the colours before anything is painted: the reader's choice, else the system's. */
"use strict";
{
  const KEY = "ganbench-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const store = (use) => {
    try {
      return use(localStorage);
    } catch {
      return null; // a page opened from a file may have no storage
    }
  };
  let chosen = store((storage) => storage.getItem(KEY));
  const dark = () => (chosen ? chosen === "dark" : system.matches);
  const show = () => {
    document.documentElement.dataset.theme = dark() ? "dark" : "light";
    document.getElementById("theme")?.setAttribute("aria-pressed", String(dark()));
  };
  show();
  system.addEventListener("change", show);
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    button.hidden = false;
    button.addEventListener("click", () => {
      chosen = dark() ? "light" : "dark";
      store((storage) => storage.setItem(KEY, chosen));
      show();
    });
    show();
  });
}

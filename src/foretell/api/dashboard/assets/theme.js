// Runs before anything is drawn, so that the chosen theme never flickers.
(() => {
  const chosen = localStorage.getItem("foretell-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();

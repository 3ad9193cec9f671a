// The button of a sheet that is to be printed.
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

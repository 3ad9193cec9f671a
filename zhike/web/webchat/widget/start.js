// Here it begins. The site may speak to it: Zhike.open(), Zhike.close(), Zhike.identify(token), Zhike.forget() when its user signs out.
const script = document.currentScript;
if (script && script.dataset.inbox && !window.Zhike) {
  const widget = new Widget(script), ready = () => widget.start().catch((error) => console.warn("Zhike:", error.message));
  window.Zhike = {
    open: () => widget.host && widget.open(), close: () => widget.host && widget.close(),
    identify: (token) => widget.identify(token), forget: () => { widget.token = ""; widget.forget(); },
  };
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", ready) : ready();
}

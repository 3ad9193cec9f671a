// Elements and pictures. Nothing anybody typed is ever read as HTML: words become text nodes, and nothing else.
function make(tag, given = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...inside.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

const SHAPES = {
  chat: "M4 5h16v11H9l-5 4z", close: "M6 6l12 12M18 6L6 18", down: "M6 9l6 6 6-6", send: "M4 12l16-8-6 16-3-6z", clip: "M8 12l6-6a3 3 0 0 1 4 4l-8 8a5 5 0 0 1-7-7l7-7",
  dots: "M5 12h.01M12 12h.01M19 12h.01", star: "M12 3l2.8 5.7 6.2.9-4.5 4.4 1 6.2-5.5-2.9-5.5 2.9 1-6.2L3 9.6l6.2-.9z", file: "M6 3h8l4 4v14H6zM14 3v4h4",
};
function icon(name) {
  const space = "http://www.w3.org/2000/svg", svg = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24"); svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[name]); svg.append(path);
  return svg;
}

// Web addresses in a message are links; the site they lead to is not told where from.
function linked(words) {
  const parts = [];
  let from = 0;
  for (const found of words.matchAll(/https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]+/g)) {
    const url = found[0].replace(/[.,;:!?)\]]+$/, "");
    parts.push(words.slice(from, found.index), make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, url));
    from = found.index + url.length;
  }
  return [...parts, words.slice(from)];
}

const day = (at, language) => new Intl.DateTimeFormat(language, { month: "short", day: "numeric", weekday: "short" }).format(at);
const hour = (at, language) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
const size = (bytes) => bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`;

// White or black on the site's colour, whichever can be read.
function ink(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) >= 4.5 ? "#ffffff" : "#111111";
}

// A picture is drawn, not linked: the host page's policy need allow no pictures from elsewhere, and the secret stays in a header.
async function draw(canvas, blob) {
  const bitmap = await createImageBitmap(blob), share = Math.min(1, 440 / bitmap.width, 480 / bitmap.height);
  canvas.width = Math.max(1, Math.round(bitmap.width * share)); canvas.height = Math.max(1, Math.round(bitmap.height * share));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}

function save(blob, name) {
  const url = URL.createObjectURL(blob), link = make("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

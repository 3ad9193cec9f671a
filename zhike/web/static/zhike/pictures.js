// Shows what was chosen to be sent: small pictures and names. Without this the form works all the same.
document.addEventListener("change", (event) => {
  const input = event.target.closest("input[data-pictures]");
  if (!input) return;
  const list = input.parentElement.querySelector(".po-chosen");
  for (const old of list.querySelectorAll("img")) URL.revokeObjectURL(old.src);
  list.replaceChildren(...[...input.files].map(shown));
});

function shown(file) {
  const item = document.createElement("li");
  if (file.type.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(file);
    picture.alt = "";
    item.append(picture);
  }
  item.append(file.name);
  return item;
}
